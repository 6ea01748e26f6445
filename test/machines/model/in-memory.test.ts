/** The chart as XState runs it, on a virtual clock, against the chart as a pure function, in everything it can do twice in a row. */
import { createActor, fromCallback } from 'xstate';
import type { ExecutableActionObject } from 'xstate';
import { describe, expect, it } from 'vitest';
import { shardDelays, shardMachine } from '../../../machines/index.ts';
import type { SocketCommand } from '../../../machines/index.ts';
import { TransitionRecorder, VirtualClock, reachable, transitionsOf } from '../../../src/testing/index.ts';
import { random } from './shard-model.ts';
import { exploreShard, titleOf, walkShard } from './shard-walk.ts';
import type { ShardPath } from './shard-walk.ts';

/** What is asked of the actors: that they begin, with what, and what they are told. */
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

/** The same, from what the pure machine wants done. */
const actorCallsOf = (actions: readonly ExecutableActionObject[]): ActorCall[] =>
  actions.flatMap(({ type, params }) => {
    const asked = CALL_BY_ACTION[type]?.(params as Params);
    return asked === undefined ? [] : [asked];
  });

function run({ input }: ShardPath, recorder: TransitionRecorder) {
  const asked: ActorCall[] = [];
  const actor = <Input>(name: string) =>
    fromCallback<SocketCommand, Input>(({ input: given, receive }) => {
      asked.push({ actor: name, input: given });
      receive((received) => asked.push({ actor: name, received }));
    });
  const clock = new VirtualClock({ startAt: 0 });
  const actors = {
    socket: actor('socket'),
    closeSocket: actor('closeSocket'),
    identifyPermit: actor('identifyPermit'),
    loadSession: actor('loadSession'),
  } as never;
  const machine = shardMachine.provide({ delays: shardDelays({ random }), actors });
  const shard = createActor(machine, { input, clock, inspect: recorder.observe }).start();
  return { shard, clock, asked };
}

const graph = exploreShard();
const pairs = reachable(graph, 'pairs');
const { paths, missing } = walkShard(graph, 'pairs');
const steps = paths.reduce((sum, path) => sum + path.steps.length, 0);

describe(`${paths.length} paths of ${steps} steps through ${graph.nodes.length} states`, () => {
  const recorder = new TransitionRecorder();

  it.each(paths.map((path, index) => [titleOf(path, index), path] as const))(
    '%s: the running shard does what the chart says',
    (_, path) => {
      const { shard, clock, asked } = run(path, recorder);
      for (const { step, snapshot, actions } of path.steps) {
        asked.length = 0;
        if (step.type === 'timer') clock.next();
        else {
          if (step.at > clock.now()) clock.advance(step.at - clock.now());
          shard.send(step.event);
        }
        const { value, context, status } = shard.getSnapshot();
        expect({ value, context, status, at: clock.now(), asked }).toEqual({
          value: snapshot.value,
          context: snapshot.context,
          status: 'active',
          at: step.at,
          asked: actorCallsOf(actions),
        });
      }
      shard.stop();
      expect(clock.pending).toBe(0);
    },
  );

  it(`the paths take all ${transitionsOf(shardMachine).length} transitions of the chart`, () => {
    expect(recorder.missing(transitionsOf(shardMachine).map(({ id }) => id))).toEqual([]);
  });

  it(`the paths take all ${pairs.size} pairs of transitions that can follow one another`, () => {
    expect(missing).toEqual([]);
    expect(recorder.missing(pairs)).toEqual([]);
  });
});
