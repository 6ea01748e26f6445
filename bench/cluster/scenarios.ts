/** Measures each case once, on processes and a redis-server of its own. */
import { sharedNow } from '../server/packets.ts';
import type { Sample } from '../scenarios/scenario.ts';
import { quantile } from '../statistics.ts';
import type { ConsumerProcedures } from './consumer-process.ts';
import type { EngineProcedures } from './engine-process.ts';
import type { NodeProcedures, NodeSetup } from './node-process.ts';
import { Rig } from './rig.ts';
import type { ClusterSettings } from './settings.ts';

export type ClusterScenario = (settings: ClusterSettings) => Promise<Sample>;

/** Longer than any case, because a recording can't answer a heartbeat. */
const NO_HEARTBEAT_MS = 600_000;
const HEARTBEAT_MS = 41_250;
/** READY has sequence 1. */
const FIRST_SEQUENCE = 2;
const LEASE_TTL_MS = 6_000;
const MS_PER_SECOND = 1_000;
/** How many shards the cases of the engine have. */
const STREAMS = 64;
/** Larger steps at the same time would be more than a busy server takes within a timeout. */
const FILL_BATCH = 32;

/** A node gets what waits at the gateway, as fast as it reads. With `publish` until all of it is stored. */
export const backlog =
  (mode: NodeSetup['mode']): ClusterScenario =>
  async ({ seed, backlog: { warmup, measured } }) => {
    await using rig = await Rig.start({ leaseTtlMs: LEASE_TTL_MS });
    const setup = {
      mode: 'recorded',
      shards: 1,
      heartbeatIntervalMs: NO_HEARTBEAT_MS,
      warmup,
      measured,
      seed,
    } as const;
    const { apiUrl } = await rig.setUpGateway(setup);
    const node = rig.spawn<NodeProcedures>('node-process.ts');
    await node.call('connect', { apiUrl, shards: 1, mode, engine: rig.engine });
    // READY is stored, too.
    let stored = 1;
    const replay = async (part: 'warmup' | 'measured'): Promise<void> => {
      const count = part === 'warmup' ? warmup : measured;
      stored += count;
      await node.call('arm', undefined);
      await Promise.all([node.call('arrived', count), rig.gateway.call('replay', part)]);
      if (mode === 'publish') await rig.stored(1, stored);
    };
    await replay('warmup');
    const used = await rig.watchRedis();
    await replay('measured');
    const cpuUs = await node.call('cpuUs', undefined);
    const redis = await used();
    return { cpuUs: cpuUs / measured, redisCpuUs: redis.cpuUs / measured, redisCalls: redis.calls / measured };
  };

/** Many shards get dispatches at a steady rate. With `publish`, a consumer handles them. */
export const spread =
  (mode: 'node' | 'publish'): ClusterScenario =>
  async ({ seed, spread: { shards, perSecond, warmupMs, measuredMs } }) => {
    await using rig = await Rig.start({ leaseTtlMs: LEASE_TTL_MS });
    const roundsIn = (ms: number): number => Math.ceil((perSecond * ms) / MS_PER_SECOND / shards);
    const rounds = roundsIn(warmupMs) + roundsIn(measuredMs);
    const setup = { mode: 'recorded', shards, heartbeatIntervalMs: NO_HEARTBEAT_MS, warmup: 0, seed } as const;
    const { apiUrl } = await rig.setUpGateway({ ...setup, measured: rounds });
    const node = rig.spawn<NodeProcedures>('node-process.ts');
    const consumer = mode === 'publish' ? rig.spawn<ConsumerProcedures>('consumer-process.ts') : null;
    await node.call('connect', { apiUrl, shards, mode, engine: rig.engine });
    await consumer?.call('start', { engine: rig.engine, from: 'end' });
    const play = async (part: { first: number; perShard: number }) => {
      const count = part.perShard * shards;
      await consumer?.call('arm', { shards, ...part });
      await node.call('arm', undefined);
      const used = await rig.watchRedis();
      const [sentAt, consumed] = await Promise.all([
        rig.gateway.call('replaySpread', { skipped: part.first - FIRST_SEQUENCE, rounds: part.perShard, perSecond }),
        consumer?.call('consumed', undefined),
        node.call('arrived', count),
      ]);
      const redis = await used();
      const latenciesMs = Array.from(consumed?.handledAt ?? [], (at, index) => at - (sentAt[index] ?? Number.NaN));
      return {
        cpuUs: (await node.call('cpuUs', undefined)) / count,
        redisCpuUs: redis.cpuUs / count,
        redisCalls: redis.calls / count,
        ...(consumed !== undefined && {
          consumerCpuUs: consumed.cpuUs / count,
          p50Ms: quantile(latenciesMs, 0.5),
          p99Ms: quantile(latenciesMs, 0.99),
        }),
      };
    };
    await play({ first: FIRST_SEQUENCE, perShard: roundsIn(warmupMs) });
    return await play({ first: FIRST_SEQUENCE + roundsIn(warmupMs), perShard: roundsIn(measuredMs) });
  };

/** Dispatches are committed as fast as Redis takes them, without a gateway. */
export const commits =
  (run: { readonly inFlight: number; readonly batch: number }): ClusterScenario =>
  async ({ commits: count }) => {
    await using rig = await Rig.start({ leaseTtlMs: LEASE_TTL_MS });
    const engine = rig.spawn<EngineProcedures>('engine-process.ts');
    await engine.call('open', { engine: rig.engine, shards: STREAMS });
    // One at a time is slow, and needs fewer to be measured.
    const measured = run.inFlight === 1 ? Math.ceil(count / 5) : count;
    await engine.call('commit', { ...run, count: Math.ceil(measured / 5) });
    const used = await rig.watchRedis();
    const perSecond = await engine.call('commit', { ...run, count: measured });
    const redis = await used();
    return { perSecond, redisCpuUs: redis.cpuUs / measured };
  };

/** A consumer handles what waits in the streams, as fast as it can. */
export const consume: ClusterScenario = async ({ consumed: count }) => {
  await using rig = await Rig.start({ leaseTtlMs: LEASE_TTL_MS });
  const engine = rig.spawn<EngineProcedures>('engine-process.ts');
  await engine.call('open', { engine: rig.engine, shards: STREAMS });
  const perShard = Math.ceil(count / STREAMS);
  const handled = perShard * STREAMS;
  await engine.call('commit', { inFlight: STREAMS, batch: FILL_BATCH, count: handled });
  const bytesPerEntry = await rig.bytesPerEntry(0);
  const consumer = rig.spawn<ConsumerProcedures>('consumer-process.ts');
  await consumer.call('arm', { shards: STREAMS, first: 1, perShard });
  const used = await rig.watchRedis();
  await consumer.call('start', { engine: rig.engine, from: 'start' });
  const { wallMs, cpuUs } = await consumer.call('consumed', undefined);
  const redis = await used();
  return {
    perSecond: (handled * MS_PER_SECOND) / wallMs,
    cpuUs: cpuUs / handled,
    redisCpuUs: redis.cpuUs / handled,
    bytesPerEntry,
  };
};

/** A node reads who has what. The costs are those of one row, which a shard has. */
export const look: ClusterScenario = async ({ looks: { shards, count } }) => {
  await using rig = await Rig.start({ leaseTtlMs: LEASE_TTL_MS });
  const engine = rig.spawn<EngineProcedures>('engine-process.ts');
  await engine.call('open', { engine: rig.engine, shards });
  await engine.call('look', Math.ceil(count / 5));
  const used = await rig.watchRedis();
  const cpuUs = await engine.call('look', count);
  const redis = await used();
  return { cpuUs: cpuUs / count / shards, redisCpuUs: redis.cpuUs / count / shards };
};

/** A node that has nearly all shards is killed. Another resumes them. */
export const takeOver: ClusterScenario = async ({ takeOver: { shards, leaseTtlMs } }) => {
  await using rig = await Rig.start({ leaseTtlMs });
  const setup = { mode: 'live', shards, heartbeatIntervalMs: HEARTBEAT_MS, warmup: 0, measured: 0, seed: 0 } as const;
  const { apiUrl } = await rig.setUpGateway(setup);
  const nodeSetup: NodeSetup = { apiUrl, shards, mode: 'node', engine: rig.engine };
  const first = rig.spawn<NodeProcedures>('node-process.ts');
  const second = rig.spawn<NodeProcedures>('node-process.ts');
  await first.call('connect', nodeSetup);
  await second.call('connect', nodeSetup);
  // The first move begins at once, and the next one long after the end.
  const before = await rig.gateway.call('sessions', shards + 1);
  const held = await first.call('held', undefined);
  const killedAt = sharedNow();
  await first.kill();
  const resumedBefore = before.resumedAt.length;
  const after = await rig.gateway.call('sessions', before.identified + resumedBefore + held);
  const tookMs = Math.max(...after.resumedAt.slice(resumedBefore)) - killedAt;
  return {
    tookSeconds: tookMs / MS_PER_SECOND,
    afterLeaseSeconds: (tookMs - leaseTtlMs) / MS_PER_SECOND,
    shards: held,
    identified: after.identified - before.identified,
  };
};
