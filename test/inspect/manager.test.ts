/** What the inspector sends of a manager and of the shards it has in service. */
import { describe, expect, test } from 'vitest';
import type { InspectedManager, InspectedShard, ManagerInspectionObserver, ShardHandle } from '../../src/index.ts';
import { transitionsOf } from '../../machines/transitions.ts';
import { createInspector } from '../../src/inspect/index.ts';
import type { ManagerSummary, ShardSummary } from '../../src/inspect/messages.ts';
import { managerMachine, shardMachine } from '../../machines/index.ts';
import { RULES_BROKEN_BY_HAND_OVER, nextEvent, liveManager } from '../kit/live-manager.ts';
import { PageSocket } from './page-socket.ts';

/** The newest summaries that a page has received. */
function latestSummaries(page: PageSocket): {
  managers: Map<string, ManagerSummary>;
  shards: Map<string, ShardSummary>;
} {
  const managers = new Map<string, ManagerSummary>();
  const shards = new Map<string, ShardSummary>();
  for (const message of page.messages) {
    if (message.type === 'detail') continue;
    for (const manager of message.managers) managers.set(manager.key, manager);
    for (const shard of message.shards) shards.set(shard.key, shard);
    if (message.type === 'batch') for (const key of message.removed) shards.delete(key);
  }
  return { managers, shards };
}

const cells = (page: PageSocket): string[] =>
  [...latestSummaries(page).shards.values()]
    .map(({ key, state, shardCount }) => `${key}/${shardCount} ${state}`)
    .toSorted();

async function inspectedManager(
  shards: number,
  wrap: (inspect: ManagerInspectionObserver) => ManagerInspectionObserver = (inspect) => inspect,
) {
  const inspector = await createInspector();
  const live = await liveManager(
    { shards, inspect: wrap(inspector.inspect) },
    {},
    { broken: RULES_BROKEN_BY_HAND_OVER },
  );
  return {
    ...live,
    inspector,
    async [Symbol.asyncDispose]() {
      await live[Symbol.asyncDispose]();
      await inspector.close();
    },
  };
}

/** A handle like that of a shard in a worker thread, which has no inside to inspect. */
const withoutInspected = (handle: ShardHandle): ShardHandle =>
  new Proxy(handle, {
    get(target, name) {
      if (name === 'inspected') return null;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });

/** Shows the observer each shard as if it ran in a worker thread. */
const withoutInspectedShards = (inspect: ManagerInspectionObserver): ManagerInspectionObserver => ({
  attachManager: (manager) => {
    const handles = new Map<ShardHandle, ShardHandle>();
    const proxied = (handle: ShardHandle): ShardHandle =>
      handles.get(handle) ?? handles.set(handle, withoutInspected(handle)).get(handle)!;
    const shards = (): ReadonlyMap<number, ShardHandle> =>
      new Map([...manager.shards].map(([id, handle]) => [id, proxied(handle)]));
    inspect.attachManager!(
      new Proxy(manager, {
        get: (target, name) => {
          if (name === 'shards') return shards();
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      }),
    );
  },
});

describe('createInspector with a manager', () => {
  test('the manager is shown before it has shards, and its shards appear when it starts', async () => {
    await using kit = await inspectedManager(3);
    const page = await PageSocket.open(kit.inspector.url);
    expect(latestSummaries(page).managers.get('manager')).toMatchObject({
      state: 'stopped',
      total: null,
      ready: 0,
      shards: 0,
      resharding: null,
    });
    await kit.manager.connect();
    await page.until(
      () =>
        latestSummaries(page).managers.get('manager')?.state === 'running' && latestSummaries(page).shards.size === 3,
    );

    await page.until(() => cells(page).every((cell) => cell.endsWith('ready')));
    expect(cells(page)).toEqual(['0/3 ready', '1/3 ready', '2/3 ready']);
    expect(
      page.log.filter(({ shard, kind }) => shard === 'manager' && kind === 'state').map(({ text }) => text),
    ).toEqual(['stopped → starting', 'starting → running']);
  });

  test('a page that selects the manager receives its transitions and the identify queue', async () => {
    await using kit = await inspectedManager(2);
    const page = await PageSocket.open(kit.inspector.url);
    page.send({ type: 'select', shard: 'manager' });
    await page.until(() => page.detail !== undefined);
    expect(page.detail).toMatchObject({ key: 'manager', chart: 'manager', active: ['manager.stopped'] });
    await kit.manager.connect();
    await page.until(() => page.log.some(({ shard, text }) => shard === 'manager' && text === 'fleet.settled'));

    const events = page.log.filter(({ shard, kind }) => shard === 'manager' && kind === 'event');
    const known = new Set(transitionsOf(managerMachine).map(({ id }) => id));
    expect(events.flatMap(({ taken }) => taken!).filter((id) => !known.has(id))).toEqual([]);
    expect(events.map(({ text }) => text)).toEqual(['manager.connect', 'info.received', 'fleet.settled']);
    expect(events.at(-1)!.active).toEqual(['manager.active', 'manager.active.running']);
    await page.until(() => page.batches.at(-1)?.identify !== null);
    expect(page.batches.at(-1)!.identify).toMatchObject({ waiting: 0, remaining: 9_998 });
  });

  test('the page shows exactly the shards in service, before and after resharding', async () => {
    await using kit = await inspectedManager(2);
    await kit.manager.connect();
    const page = await PageSocket.open(kit.inspector.url);
    page.send({ type: 'select', shard: '0' });
    await page.until(() => page.detail !== undefined);

    await kit.manager.reshard(4);
    await page.until(() => cells(page).length === 4 && cells(page).every((cell) => cell.endsWith('/4 ready')));
    expect(page.log.map(({ text }) => text)).toContain('resharded from 2 to 4 shards');
    // A page that had selected shard 0 now sees the new shard 0.
    const details = page.messages.filter(({ type }) => type === 'detail');
    expect(details.length).toBeGreaterThan(1);
    kit.gateway.connections.find(({ shard }) => shard?.[0] === 0 && shard[1] === 4)!.terminate();
    await page.until(() => page.log.some(({ shard, text }) => shard === '0' && text === 'gateway.resumed'));

    await kit.manager.reshard(1);
    await page.until(() => cells(page).join() === '0/1 ready');
    expect(latestSummaries(page).managers.get('manager')).toMatchObject({
      state: 'running',
      total: 1,
      ready: 1,
      shards: 1,
    });
  });

  test('a shard in a worker thread is shown with the states that its handle has', async () => {
    await using kit = await inspectedManager(1, withoutInspectedShards);
    const page = await PageSocket.open(kit.inspector.url);
    await kit.manager.connect();
    page.send({ type: 'select', shard: '0' });
    await page.until(() => page.detail !== undefined);
    expect(page.detail).toMatchObject({ key: '0', chart: 'shard', active: ['shard.online.session.ready'] });
    kit.gateway.connections[0]!.terminate();
    await page.until(() => page.log.some(({ text }) => text === 'resuming → ready'));
    const states = page.log.filter(({ shard, kind }) => shard === '0' && kind === 'state');
    expect(states.map(({ active }) => active!.join()).slice(-4)).toEqual([
      'shard.reconnecting',
      'shard.online.session.connecting',
      'shard.online.session.resuming',
      'shard.online.session.ready',
    ]);
    await page.until(() => latestSummaries(page).shards.get('0')?.pingMs !== null);
  });
});

describe('createInspector with a manager that uses worker threads', () => {
  test('the page shows state, ping and sequence of each shard', async () => {
    const inspector = await createInspector();
    await using live = await liveManager({ shards: 3, workers: 2, inspect: inspector.inspect });
    const page = await PageSocket.open(inspector.url);
    await live.manager.connect();
    await page.until(() => cells(page).join() === '0/3 ready,1/3 ready,2/3 ready');
    live.gateway.connections[0]!.terminate();
    await page.until(() => page.log.some(({ text }) => text === 'resuming → ready'));
    await page.until(() =>
      [...latestSummaries(page).shards.values()].every(({ pingMs, sequence }) => pingMs !== null && sequence !== null),
    );
    expect(latestSummaries(page).managers.get('manager')).toMatchObject({ state: 'running', ready: 3, shards: 3 });
    expect([...latestSummaries(page).shards.values()].map(({ shardId, worker }) => [shardId, worker])).toEqual([
      [0, 0],
      [1, 1],
      [2, 0],
    ]);
    await inspector.close();
  });
});

test('the page shows the true active states and the events of a shard in a worker thread that is selected', async () => {
  const inspector = await createInspector();
  await using live = await liveManager({ shards: 1, workers: 1, inspect: inspector.inspect });
  const page = await PageSocket.open(inspector.url);
  await live.manager.connect();
  page.send({ type: 'select', shard: '0' });
  await page.until(() => page.detail?.key === '0');
  live.gateway.connections[0]!.terminate();
  await page.until(() => page.log.some(({ text }) => text === 'gateway.resumed'));
  const resumed = page.log.find(({ text }) => text === 'gateway.resumed');
  expect(resumed).toMatchObject({
    kind: 'event',
    taken: ['shard.online.session.resuming on gateway.resumed [0]'],
    active: expect.arrayContaining(['shard.online.session.ready', 'shard.online.heartbeat']) as string[],
  });
  const known = new Set(transitionsOf(shardMachine).map(({ id }) => id));
  expect(page.log.flatMap(({ taken = [] }) => taken).filter((id) => !known.has(id))).toEqual([]);
  await inspector.close();
});

describe('ManagerInspectionObserver', () => {
  test('an observer with only attach() receives each shard', async () => {
    const attached: InspectedShard[] = [];
    await using kit = await liveManager({ shards: 2, inspect: { attach: (shard) => void attached.push(shard) } });
    await kit.manager.connect();
    expect(attached.map(({ shardId, state }) => [shardId, state])).toEqual([
      [0, 'ready'],
      [1, 'ready'],
    ]);
  });

  test('an observer that throws causes one fault for each throw, and the manager keeps running', async () => {
    const inspect = {
      attachManager: (attached: InspectedManager): void => {
        attached.onServiceChange(() => {
          throw new Error('no shards, please');
        });
        throw new Error('no manager, please');
      },
    };
    const warned: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => void warned.push(text) };
    await using kit = await liveManager({ shards: 1, inspect, logger });
    await Promise.all([kit.manager.connect(), nextEvent(kit.manager, 'allReady')]);
    const warning = 'manager: OBSERVER_THREW: the inspect observer threw';
    expect(warned).toEqual([warning, warning]);
    expect(kit.manager.state).toBe('running');
  });
});
