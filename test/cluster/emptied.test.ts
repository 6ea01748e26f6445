/**
 * An engine that is emptied between any two of its steps, while a shard goes from one node to another and a consumer is
 * behind. On virtual time, with the nodes and the gateway of the simulator.
 */
import { describe, expect, test } from 'vitest';
import { runCluster } from '../../simulator/cluster/cluster-run.ts';
import { HEALTHY_CLUSTER } from '../../simulator/cluster/cluster-setting.ts';
import type { ClusterWorld } from '../../simulator/cluster/cluster-world.ts';
import { NodeClock } from '../../simulator/cluster/node-clock.ts';
import { PATIENCE_MS } from '../kit/until.ts';
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
// Loaded by start() otherwise, which takes real time.
import '../../src/cluster/consumer/consumer-runtime.ts';
import { DispatchConsumer } from '../../src/cluster/consumer/dispatch-consumer.ts';

const SHARDS = 3;
const SETTING = {
  ...HEALTHY_CLUSTER,
  nodes: 2,
  shards: SHARDS,
  maxConcurrency: 16,
  leaseTtlMs: 6_000,
  trafficMs: 250,
  durationMs: 18_000,
};
const CONSUMERS_START_AT_MS = 1_000;
const MOVE_AT_MS = 15_000;
/** How long a call of the consumers of each group takes to the engine, and its answer back. */
const GROUPS = { near: 1, far: 300 };

/** How many steps before and after the move are played too. */
const MARGIN = 3;
const MAX_STEPS = 20;

type Step = (...args: unknown[]) => unknown;

/** Lets `before` run before each step of the engine that a node or a consumer asks for. */
function watchSteps({ server }: ClusterWorld, before: (name: string) => void): void {
  for (const part of [server.ownership, server.journal, server.log]) {
    const steps = part as unknown as Record<string, Step>;
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(part))) {
      const step = steps[name];
      // The parts of the engine ask each other these.
      if (['constructor', 'standing', 'assertHeld', 'isForgotten', 'hasNews'].includes(name)) continue;
      if (typeof step !== 'function') continue;
      steps[name] = (...args) => {
        before(name);
        return step.apply(part, args);
      };
    }
  }
}

/** Starts a consumer of each group. Returns the ids of what each has handled. */
function startConsumers({ server, clock }: ClusterWorld): ReadonlyMap<string, string[]> {
  return new Map(
    Object.entries(GROUPS).map(([group, delayMs]) => {
      const handled: string[] = [];
      const ownClock = new NodeClock(clock);
      const line = new MemoryLine(server, ownClock);
      line.set({ requestDelayMs: delayMs, answerDelayMs: delayMs });
      const consumer = new DispatchConsumer({ engine: line, group, from: 'start', clock: ownClock });
      for (const name of ['READY', 'MESSAGE_CREATE', 'TYPING_START', 'PRESENCE_UPDATE', 'GUILD_UPDATE'] as const)
        consumer.onDispatch(name, (_, { id }) => void handled.push(id));
      clock.scheduleInWorld(() => void consumer.start(), CONSUMERS_START_AT_MS);
      return [group, handled];
    }),
  );
}

/**
 * Lets shards move from node to node, and empties the engine before one step of that. Returns what went wrong, and the
 * names of the steps.
 */
async function emptyBefore(stepNumber: number, move: (world: ClusterWorld) => void) {
  const problems: string[] = [];
  const steps: string[] = [];
  const { violation } = await runCluster(1, {
    setting: SETTING,
    script: [],
    observe: (world) => {
      const handled = startConsumers(world);
      let identifies = 0;
      let hasBegun = false;
      world.log.on('identify', () => (identifies += 1));
      world.clock.scheduleInWorld(() => {
        hasBegun = true;
        move(world);
      }, MOVE_AT_MS);
      watchSteps(world, (name) => {
        if (!hasBegun) return;
        if (steps.length === stepNumber) world.server.empty();
        steps.push(name);
      });
      world.log.on('recovered', () => {
        if (identifies !== SHARDS) problems.push(`${identifies} IDENTIFYs for ${SHARDS} shards`);
        for (const [group, ids] of handled) {
          const got = new Set(ids);
          const sent = [...world.gateway.sessions.values()].flatMap(({ id, shardId, log }) =>
            log.map(({ s }) => `${id}/${shardId}/${s}`),
          );
          const lost = sent.filter((id) => !got.has(id));
          if (lost.length > 0) problems.push(`${group} has not got ${lost.length} of ${sent.length}: ${lost[0]}`);
          if (got.size < ids.length) problems.push(`${group} has got ${ids.length - got.size} twice`);
        }
      });
    },
  });
  if (violation !== null) problems.push(`${violation.check}: ${violation.what}`);
  return { problems, steps };
}

/** The steps from shortly before the first that gives a shard away or takes one, to shortly after the last. */
function windowOf(steps: readonly string[]): [from: number, to: number] {
  const moving = [...steps.keys()].filter((index) => ['release', 'claim', 'loadUnread'].includes(steps[index]!));
  return [Math.max(0, moving[0]! - MARGIN), Math.min(moving[0]! + MAX_STEPS, moving.at(-1)! + MARGIN)];
}

describe('an engine that is emptied at any step', () => {
  test.each([
    ['a node hands its shards over and leaves', (world: ClusterWorld) => world.leave(world.nodes[0]!)],
    ['a node joins and gets its share', (world: ClusterWorld) => void world.startNode()],
  ])(
    '6: while %s: each group gets each dispatch once, and no shard identifies',
    async (_, move) => {
      const { problems, steps } = await emptyBefore(Infinity, move);
      const [from, to] = windowOf(steps);
      for (let number = from; number < to; number += 1)
        for (const problem of (await emptyBefore(number, move)).problems)
          problems.push(`before step ${number}, ${steps[number]}: ${problem}`);
      expect(problems).toEqual([]);
    },
    PATIENCE_MS,
  );
});
