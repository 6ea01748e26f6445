/**
 * Compares the running machine, on a virtual clock, with the machine as a pure function, through every pair of
 * consecutive transitions.
 */
import { createActor, fromCallback } from 'xstate';
import type { ExecutableActionObject } from 'xstate';
import { describe, expect, test } from 'vitest';
import { shardDelays, shardMachine } from '../../../machines/index.ts';
import type { SocketCommand } from '../../../machines/index.ts';
import { TransitionRecorder, VirtualClock, reachable, transitionsOf } from '../../../src/testing/index.ts';
import { random } from './shard-model.ts';
import { exploreShard, titleOf, walkShard } from './shard-walk.ts';
import type { ShardPath } from './shard-walk.ts';

/** The start of an actor with its input, or an event that the machine sends to it. */
interface ActorCall {
  readonly actor: string;
  readonly input?: unknown;
  readonly received?: SocketCommand;
}

type Params = Readonly<Record<string, unknown>>;

const CALL_BY_ACTION: Readonly<Record<string, (params: Params) => ActorCall>> = {
  'xstate.spawnChild': ({ src, input }) => ({ actor: String(src), input }),
  'xstate.sendTo': ({ event, targetId }) => ({ actor: String(targetId), received: event as SocketCommand }),
};

/** The calls that the pure machine's actions stand for. */
const actorCallsOf = (actions: readonly ExecutableActionObject[]): ActorCall[] =>
  actions.flatMap(({ type, params }) => {
    const call = CALL_BY_ACTION[type]?.(params as Params);
    return call === undefined ? [] : [call];
  });

function run({ input }: ShardPath, recorder: TransitionRecorder) {
  const calls: ActorCall[] = [];
  const actor = <Input>(name: string) =>
    fromCallback<SocketCommand, Input>(({ input: actorInput, receive }) => {
      calls.push({ actor: name, input: actorInput });
      receive((received) => calls.push({ actor: name, received }));
    });
  const clock = new VirtualClock({ startAt: 0 });
  const actors = {
    socket: actor('socket'),
    closeSocket: actor('closeSocket'),
    identifyPermit: actor('identifyPermit'),
    loadSession: actor('loadSession'),
    warmUp: actor('warmUp'),
  } as never;
  const machine = shardMachine.provide({ delays: shardDelays({ random }), actors });
  const shard = createActor(machine, { input, clock, inspect: recorder.observe }).start();
  return { shard, clock, calls };
}

const graph = exploreShard();
const pairs = reachable(graph, 'pairs');
const { paths, missing } = walkShard(graph, 'pairs');
const steps = paths.reduce((sum, path) => sum + path.steps.length, 0);

describe(`shard machine in memory: ${paths.length} paths of ${steps} steps through ${graph.nodes.length} states`, () => {
  const recorder = new TransitionRecorder();

  test.each(paths.map((path, index) => [titleOf(path, index), path] as const))(
    '%s: the running machine does what the chart says',
    (_, path) => {
      const { shard, clock, calls } = run(path, recorder);
      for (const { step, snapshot, actions } of path.steps) {
        calls.length = 0;
        if (step.type === 'timer') clock.next();
        else {
          if (step.at > clock.now()) clock.advance(step.at - clock.now());
          shard.send(step.event);
        }
        const { value, context, status } = shard.getSnapshot();
        expect({ value, context, status, at: clock.now(), calls }).toEqual({
          value: snapshot.value,
          context: snapshot.context,
          status: 'active',
          at: step.at,
          calls: actorCallsOf(actions),
        });
      }
      shard.stop();
      expect(clock.pending).toBe(0);
    },
  );

  test(`the paths take all ${transitionsOf(shardMachine).length} transitions of the chart`, () => {
    expect(recorder.missing(transitionsOf(shardMachine).map(({ id }) => id))).toEqual([]);
  });

  test(`the paths take all ${pairs.size} pairs of consecutive transitions`, () => {
    expect(missing).toEqual([]);
    expect(recorder.missing(pairs)).toEqual([]);
  });
});
