/** A resharding on an engine whose answers are lost or late: it goes on by itself as soon as the engine answers. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import type { Engine, EngineConnection } from '../../src/cluster/ports/engine.ts';
import type { SuccessionReport } from '../../src/cluster/ports/succession.ts';
import { GatewayError } from '../../src/index.ts';
import { virtualCluster } from '../kit/virtual-cluster.ts';

const SHARDS = 2;
const NEXT_SHARDS = 3;
/** By then no IDENTIFY has to wait for an earlier one. */
const PAST_SPACING_MS = 6_000;

/** Two nodes with one shard each. The first is the one that reshards. */
async function twoNodes(engineOf: ((engine: Engine) => Engine) | null = null) {
  const cluster = virtualCluster({ shards: SHARDS, limit: { max_concurrency: 16 } });
  cluster.gateway.allowViolation('heartbeat-pace', 'a hand-over sends heartbeats of its own');
  const engine = engineOf?.(new MemoryLine(cluster.server, cluster.clock));
  const [first, second] = [cluster.node('first', engine === undefined ? {} : { engine }), cluster.node('second')];
  const nodes = [first, second];
  await connect(cluster, nodes);
  return { ...cluster, first, second, nodes };
}

async function connect(
  { clock, runUntil, stop }: ReturnType<typeof virtualCluster>,
  nodes: ReturnType<ReturnType<typeof virtualCluster>['node']>[],
): Promise<void> {
  onTestFinished(() => stop(...nodes));
  const connected = Promise.all(nodes.map(({ manager }) => manager.connect()));
  await runUntil(() => nodes.every(({ manager }) => manager.status().ready === SHARDS / nodes.length));
  await connected;
  await clock.advanceAsync(PAST_SPACING_MS);
}

/** Throws within a minute of the virtual clock unless the resharding is over, and all nodes have the new shards. */
async function reshards({ first, nodes, runUntil }: Awaited<ReturnType<typeof twoNodes>>): Promise<void> {
  const resharded = first.manager.reshard(NEXT_SHARDS);
  await runUntil(() => nodes.every(({ manager }) => manager.total === NEXT_SHARDS));
  await resharded;
  await runUntil(() => nodes.reduce((sum, { manager }) => sum + manager.status().ready, 0) === NEXT_SHARDS);
}

const unavailable = (): never => {
  throw new GatewayError('ENGINE_UNAVAILABLE', 'no answer');
};
const isReady = ({ ready }: SuccessionReport): boolean => (ready?.next ?? 0) > 0;

test('a node says again that its shards are ready if the engine has not heard it', async () => {
  const kit = await twoNodes();
  const { succession } = kit.server;
  const report = succession.report.bind(succession);
  const lost: SuccessionReport[] = [];
  vi.spyOn(succession, 'report').mockImplementation((member, said) => {
    if (!isReady(said) || lost.length > 0) return report(member, said);
    lost.push(said);
    return unavailable();
  });
  await reshards(kit);
  expect(lost).toHaveLength(1);
});

test('a node whose time had ended when the others were ready is counted once it is back', async () => {
  const kit = await twoNodes();
  const { succession, store } = kit.server;
  const report = succession.report.bind(succession);
  // The leader is the last to say that it is ready. Just then the other one is away.
  kit.first.line.set({ requestDelayMs: 500 });
  const missed: unknown[] = [];
  vi.spyOn(succession, 'report').mockImplementation((member, said) => {
    if (member.name !== 'first' || !isReady(said) || missed.length > 0) return report(member, said);
    const { members } = store.data.scopes.get('shards')!;
    const [instance, row] = [...members].find(([, { name }]) => name === 'second')!;
    missed.push(store.data.next?.reports.get(instance)?.ready);
    members.delete(instance);
    report(member, said);
    return members.set(instance, row);
  });
  await reshards(kit);
  expect(missed).toEqual([{ current: 1, next: expect.any(Number) as number }]);
  expect(missed).not.toEqual([{ current: 1, next: 0 }]);
});

test('a shard that was claimed without an answer to what followed is started when the engine answers', async () => {
  const kit = await twoNodes();
  const load = vi.spyOn(kit.server.journal, 'load').mockImplementationOnce(unavailable);
  await reshards(kit);
  expect(load.mock.calls.length).toBeGreaterThan(NEXT_SHARDS);
});

test('so is a shard in service', async () => {
  const cluster = virtualCluster({ shards: SHARDS });
  const load = vi.spyOn(cluster.server.journal, 'load').mockImplementationOnce(unavailable);
  await connect(cluster, [cluster.node('first')]);
  expect(load).toHaveBeenCalledTimes(SHARDS + 1);
});

test('the manager hears that its resharding was given up, although the engine does not say at once why', async () => {
  const { first, server, runUntil } = await twoNodes();
  // Else it could be over before this test looks.
  vi.spyOn(server.succession, 'report').mockReturnValue(undefined);
  const outcome = first.manager.reshard(NEXT_SHARDS).catch((error: unknown) => error);
  await runUntil(() => server.store.data.next !== null);
  const failure = vi.spyOn(server.succession, 'failure').mockImplementationOnce(unavailable);
  server.succession.abandon(server.store.data.next!.generation, { code: 'RESHARD_REFUSED', message: 'given up' });
  await runUntil(() => first.manager.state === 'running');
  expect(await outcome).toMatchObject({ code: 'RESHARD_REFUSED', message: 'given up' });
  expect(failure.mock.calls.length).toBeGreaterThan(1);
});

test('a plan from before the resharding began, which is answered late, does not end it', async () => {
  const begun = Promise.withResolvers<void>();
  const late: unknown[] = [];
  let isLate = false;
  const plan = async (connection: EngineConnection) => {
    const known = await connection.plan();
    if (!isLate) return known;
    late.push(known);
    await begun.promise;
    return known;
  };
  const kit = await twoNodes((engine) =>
    wrapped(engine, (connection) => ({
      plan: () => plan(connection),
      succession: {
        ...connection.succession!,
        begin: async (...args) => {
          isLate = false;
          const generation = await connection.succession!.begin(...args);
          queueMicrotask(begun.resolve);
          return generation;
        },
      },
    })),
  );
  isLate = true;
  await kit.runUntil(() => late.length > 0);
  await reshards(kit);
  expect(late).toEqual([{ total: SHARDS }]);
});

/** An engine whose connections have some calls of their own. */
const wrapped = (engine: Engine, own: (connection: EngineConnection) => Partial<EngineConnection>): Engine => ({
  kind: engine.kind,
  leaseTtlMs: engine.leaseTtlMs,
  open: async (options) => {
    const connection = await engine.open(options);
    const calls = own(connection);
    return new Proxy(connection, {
      get: (target, name) => {
        const value: unknown = Reflect.get(name in calls ? calls : target, name);
        return typeof value === 'function' && !(name in calls) ? value.bind(target) : value;
      },
    });
  },
});
