/** Compares the real shard, on real sockets and virtual time, with the chart, through every pair of transitions. */
import { describe, expect, test } from 'vitest';
import { shardMachine } from '../../../machines/index.ts';
import type { SocketCommand } from '../../../machines/index.ts';
import { Opcodes } from '../../../src/protocol/opcodes.ts';
import { TransitionRecorder, reachable, transitionsOf } from '../../../src/testing/index.ts';
import type { ShardSnapshot } from './shard-model.ts';
import { exploreShard, isTransient, titleOf, walkShard } from './shard-walk.ts';
import type { ShardPath } from './shard-walk.ts';
import { driveStep } from './wire/drive-events.ts';
import { WireHarness } from './wire/wire-harness.ts';

/** What the chart and the shard must agree on: everything except texts and the ids of sessions. */
function comparable({
  value,
  status,
  context: { session, loss, shardId: _id, shardCount: _count, timing: _timing, ...rest },
}: ShardSnapshot) {
  const { reason: _reason, cause: _cause, ...lost } = loss ?? {};
  return { value, status, hasSession: session !== null, lost, ...rest };
}

/** Whether the gateway must refuse the next socket. */
function isRefused({ steps, initial }: ShardPath, from: number): boolean {
  const ids = [initial, ...steps.map(({ snapshot }) => snapshot)].map(({ context }) => context.connectionId);
  const opening = steps.findIndex((_, index) => index >= from && ids[index + 1] !== ids[index]);
  return steps[opening + 1]?.step.event.type === 'socket.failed';
}

/** The opcodes that each command of the chart sends. */
const OPCODES: Readonly<Record<SocketCommand['type'], number[]>> = {
  heartbeat: [Opcodes.Heartbeat],
  identify: [Opcodes.Identify],
  resume: [Opcodes.Resume],
  flushReads: [],
};

const opcodesOf = ({ actions }: ShardPath['steps'][number]): number[] =>
  actions
    .filter(({ type }) => type === 'xstate.sendTo')
    .flatMap(({ params }) => OPCODES[(params as { event: SocketCommand }).event.type]);

/** Rejects when the signal is aborted. */
const rejectOnAbort = (signal: AbortSignal, name: string): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`${name}: the shard did nothing`)), { once: true });
  });

/** Shorter than the timeout of a test, so that a path that hangs fails with the name of its step. */
const MAX_PATH_MS = 15_000;

/** Takes a path step by step, and returns what is left over at its end. */
async function run(path: ShardPath, recorder: TransitionRecorder) {
  const outOfTime = AbortSignal.timeout(MAX_PATH_MS);
  await using harness = await WireHarness.open(path, recorder.observe);
  let before = path.initial;
  for (const [index, expected] of path.steps.entries()) {
    const { step, snapshot, microsteps } = expected;
    const name = `step ${index + 1}: ${step.event.type} in ${JSON.stringify(before.value)}`;
    if (isRefused(path, index)) harness.gateway.refuse();
    else harness.gateway.accept();
    const taken = await Promise.race([
      driveStep(harness, step, before).then(() => harness.log.next()),
      rejectOnAbort(outOfTime, name),
    ]);
    expect({
      name,
      at: harness.clock.now(),
      microsteps: taken.microsteps,
      sent: harness.consumeSent(),
      ...comparable(taken.snapshot),
    }).toEqual({
      name,
      at: step.at,
      microsteps,
      sent: opcodesOf(expected),
      ...comparable(snapshot),
    });
    await harness.follow(before, snapshot);
    before = snapshot;
  }
  // The shard may already have left a transient state.
  const unread = isTransient(before) ? 0 : harness.log.unread;
  await harness.close();
  // An overdue heartbeat schedules a read of buffered data at once, and nothing cancels that timer.
  harness.clock.advance();
  return { unread, violations: harness.gateway.stats.violations, timers: harness.clock.pending };
}

const graph = exploreShard();
const pairs = reachable(graph, 'pairs');
const { paths, missing } = walkShard(graph, 'pairs');
const steps = paths.reduce((sum, path) => sum + path.steps.length, 0);

describe(`Shard on real sockets: ${paths.length} paths of ${steps} steps`, () => {
  const recorder = new TransitionRecorder();

  test.for(paths.map((path, index) => [titleOf(path, index), path] as const))(
    '%s: the shard does what the chart says',
    async ([, path]) => {
      expect(await run(path, recorder)).toEqual({ unread: 0, violations: [], timers: 0 });
    },
  );

  test(`the shard takes all ${transitionsOf(shardMachine).length} transitions of the chart`, () => {
    expect(recorder.missing(transitionsOf(shardMachine).map(({ id }) => id))).toEqual([]);
  });

  test(`the shard takes all ${pairs.size} pairs of consecutive transitions`, () => {
    expect(missing).toEqual([]);
    expect(recorder.missing(pairs)).toEqual([]);
  });
});
