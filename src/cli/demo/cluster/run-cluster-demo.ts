/** The demo of a cluster: several nodes and a consumer. No dispatch is lost, whatever happens to one of them. */
import { formatCount, formatNumber } from '../../../inspect/page/model/format.ts';
import { shardIdForGuild } from '../../../protocol/guild-sharding.ts';
import { FakeGateway } from '../../../testing/index.ts';
import type { OutputLog } from '../../output-log.ts';
import { FakeContent } from '../fake-content.ts';
import { demoRandom } from '../seed.ts';
import { SERIAL, TrafficGenerator } from '../traffic-generator.ts';
import type { ClusterBalance } from './cluster-balance.ts';
import { ClusterCounts } from './cluster-counts.ts';
import { ClusterDemo } from './cluster-demo.ts';
import type { ClusterPace } from './cluster-pace.ts';
import { crash, cutOff, freeze, rollingDeploy, startFirstNode, startOtherNodes } from './cluster-steps.ts';
import { ClusterStatusBlock } from './cluster-status-block.ts';
import { findRedisServer } from './find-redis-server.ts';
import { MemoryWorld } from './memory-world.ts';
import { DEMO_APP, RedisWorld } from './redis-world.ts';
import type { DemoWorld } from './world.ts';

export interface RunClusterDemoOptions {
  readonly nodes: number;
  readonly shards: number;
  readonly seed: number;
  readonly pace: ClusterPace;
  readonly inspect: boolean;
  readonly output: OutputLog;
  readonly signal: AbortSignal;
}

const MAX_CONCURRENCY = 16;
const GUILDS_PER_SHARD = 4;
const BURST = { min: 5, max: 15 } as const;
const END_TIMEOUT_MS = 60_000;

async function hasRedisPackage(): Promise<boolean> {
  const name: string = 'redis';
  return import(name).then(
    () => true,
    () => false,
  );
}

async function openWorld({ pace, nodes, output }: RunClusterDemoOptions): Promise<DemoWorld> {
  const path = findRedisServer();
  const hasPackage = await hasRedisPackage();
  if (path !== null && hasPackage) {
    const world = await RedisWorld.start(path, pace.leaseTtlMs);
    output.log(
      'note',
      `${formatCount(nodes, 'node')} share the shards of one bot. Each is a process, and a consumer is another. ` +
        'What they have to agree on is in Redis',
    );
    output.log('note', `to watch: shardwright status --watch --redis ${world.url} --app ${DEMO_APP}`);
    return world;
  }
  const missing = path === null ? 'there is no redis-server on the PATH' : 'the package redis is not installed';
  output.log(
    'notice',
    `${missing}, so all runs in this process: ${formatCount(nodes, 'manager')} and a consumer on the memory engine`,
  );
  return new MemoryWorld(pace.leaseTtlMs);
}

/** Resolves with the balance at the end; with `null` after an abort. */
export async function runClusterDemo(options: RunClusterDemoOptions): Promise<ClusterBalance | null> {
  const { nodes, shards, seed, pace, output, signal } = options;
  const startedAt = performance.now();
  const content = new FakeContent(demoRandom(`${seed}/${shards}/world`), GUILDS_PER_SHARD * shards);
  await using gateway = await FakeGateway.listen({
    seed,
    heartbeatIntervalMs: pace.heartbeatIntervalMs,
    readyGuilds: content.guilds,
    sessionStartLimit: { maxConcurrency: MAX_CONCURRENCY },
    shards,
    strict: true,
  });
  await using world = await openWorld(options);
  const counts = new ClusterCounts(shards);
  const demo = new ClusterDemo({ ...options, world, gateway, counts });
  using block = new ClusterStatusBlock(demo, output);
  const stopTraffic = new AbortController();
  let traffic = Promise.resolve();
  try {
    block.start();
    await startFirstNode(demo);
    await world.startConsumer((delivered) => counts.receive(delivered));
    const firstIdentifies = gateway.stats.identifies;
    demo.say(
      `from now on the gateway sends about ${formatNumber(((BURST.min + BURST.max) * 500) / pace.burstEveryMs)} dispatches a second, ` +
        'each with a number. The nodes store them in a stream, and the consumer handles them',
    );
    traffic = sendTraffic(options, content, gateway, counts, stopTraffic.signal);
    await startOtherNodes(demo, nodes);
    await rollingDeploy(demo);
    if (nodes > 1) {
      await crash(demo);
      await freeze(demo);
    }
    await cutOff(demo);
    stopTraffic.abort();
    await traffic;
    output.paragraph();
    demo.say('the end: the gateway sends nothing more, and the streams are read once more from their start, to count');
    await counts.allDelivered(END_TIMEOUT_MS, signal);
    const { stored, repeated } = await counts.readStreams(world.engine, END_TIMEOUT_MS, signal);
    await Promise.all(demo.state.rows.map((row) => row.node.stop()));
    signal.throwIfAborted();
    const { identifies, resumes } = gateway.stats;
    return {
      sent: counts.totals.sent,
      stored,
      repeated,
      delivered: counts.totals.received,
      duplicates: counts.totals.duplicates,
      firstIdentifies,
      laterIdentifies: identifies - firstIdentifies,
      resumes,
      problems: [...demo.failures, ...violationsOf(gateway)],
      durationMs: performance.now() - startedAt,
    };
  } catch (error) {
    if (!signal.aborted) throw error;
    block.stop();
    demo.say('interrupted: closing, without a balance');
    await Promise.all(
      demo.state.rows.map(async (row) => {
        row.node.thaw();
        world.mend();
        await row.node.stop();
      }),
    );
    return null;
  } finally {
    stopTraffic.abort();
    await traffic;
  }
}

/**
 * A node that is killed or cut off has confirmed by heartbeat what it received, but has not stored it yet. The next one
 * resumes from what is stored, and Discord sends the rest again.
 */
const EXPECTED_RULE = 'resume-repeat';

/** The rules of the gateway that a node broke, in words. */
const violationsOf = ({ stats, complaints }: FakeGateway): string[] =>
  [...stats.violations, ...complaints.filter(({ rule }) => rule !== EXPECTED_RULE)].map(({ what }) => what);

/** Sends bursts until the signal aborts. */
async function sendTraffic(
  { seed, shards, pace }: RunClusterDemoOptions,
  content: FakeContent,
  gateway: FakeGateway,
  counts: ClusterCounts,
  signal: AbortSignal,
): Promise<void> {
  const random = demoRandom(`${seed}/${shards}/bursts`);
  const traffic = new TrafficGenerator({
    content,
    everyMs: pace.burstEveryMs,
    signal,
    send: ({ t, d }) => {
      const shardId = shardIdForGuild(String(d['guild_id']), shards);
      gateway.dispatch(t, { ...d, [SERIAL]: counts.nextSerial(shardId) }, { shardId });
    },
  });
  while (!signal.aborted) await traffic.send([random.int(BURST.min, BURST.max)]);
}
