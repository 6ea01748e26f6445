/**
 * The paths through the chart of a shard that the tests take, in memory and on the wire. In each state only those events
 * may happen that a real socket can bring about.
 */
import { awaitsRoom, lossOf } from '../../../machines/index.ts';
import type { ShardEvent } from '../../../machines/index.ts';
import { coveringPaths, exploreTimed } from '../../../src/testing/index.ts';
import type { Cover, CoveringPaths, TimedGraph, TimedPath } from '../../../src/testing/index.ts';
import {
  CONSUMER_EVENTS,
  STORE_AND_GATE_EVENTS,
  COMMANDS,
  INPUTS,
  connectionEvents,
  crossedCloses,
  model,
} from './shard-model.ts';
import type { ShardMachine, ShardSnapshot } from './shard-model.ts';

export type ShardPath = TimedPath<ShardMachine>;

/** The option `maxDispatchSilenceMs` on the wire. */
export const SILENCE_MS = 1;

/** Whether the last socket is closed already, so that the shard does not wait for it. */
function isSocketGone({ context: { loss } }: ShardSnapshot): boolean {
  return loss !== null && loss.closeWith === null && (loss.code !== null || loss === ZOMBIE_LOSS);
}

const ZOMBIE_LOSS = lossOf('zombie', { type: 'shard.connect' });

/** Whether the shard leaves the state at once: it has a session already, or its socket is closed already. */
export const isTransient = (snapshot: ShardSnapshot): boolean =>
  (snapshot.value === 'restoring' && snapshot.context.session !== null) ||
  (snapshot.matches('disconnecting') && isSocketGone(snapshot));

const isConnect = ({ type }: ShardEvent): boolean => type === 'shard.connect' || type === 'shard.connectWith';

const SESSION_KEEPING_COMMANDS = COMMANDS.filter(
  (command) => !isConnect(command) && (!('session' in command) || command.session !== 'discard'),
);

/** A shard at rest looks for a session only if it has none, and perhaps knows that there is none. */
function connectsIn({ value, context: { session } }: ShardSnapshot): ShardEvent[] {
  if (value !== 'disconnected' && value !== 'failed') return [{ type: 'shard.connect' }];
  const known: ShardEvent = { type: 'shard.connectWith', session };
  return session === null ? [{ type: 'shard.connect' }, known] : [known];
}

const closeCompleted = (connectionId: number): ShardEvent => ({ type: 'socket.closeCompleted', connectionId });

/** Whether a close frame of the gateway may be read that came late, or crossed that of the shard. */
const mayCross = (snapshot: ShardSnapshot): boolean =>
  snapshot.value === 'zombie' ||
  ((snapshot.value === 'reconnecting' || snapshot.matches('disconnecting')) &&
    !isSocketGone(snapshot) &&
    snapshot.context.isSessionOfLoss &&
    snapshot.context.loss?.closeWith !== null);

/** Whether the shard waits for the consumers of `dispatches()`. */
const isAway = ({ value, context }: ShardSnapshot): boolean => value === 'reconnecting' && awaitsRoom(context);

function possibleEventsIn(snapshot: ShardSnapshot): ShardEvent[] {
  const { value, context } = snapshot;
  const { connectionId, session } = context;
  if (isTransient(snapshot))
    return [value === 'restoring' ? { type: 'session.loaded', session } : closeCompleted(connectionId)];
  // A shard without a socket passes through `disconnecting` in one step, so a test can't observe that state.
  const isUnseen = value === 'reconnecting' && isSocketGone(snapshot);
  return [
    ...connectsIn(snapshot),
    ...SESSION_KEEPING_COMMANDS.filter(({ type }) => !isUnseen || type !== 'shard.disconnect'),
    ...STORE_AND_GATE_EVENTS,
    // A shard that does not wait for room is not told of it.
    ...CONSUMER_EVENTS.filter(({ type }) =>
      type === 'consumer.bufferFull' ? snapshot.matches('online') : isAway(snapshot),
    ),
    ...(snapshot.matches('online') ? connectionEvents(connectionId) : [closeCompleted(connectionId)]),
    ...(mayCross(snapshot) ? crossedCloses(connectionId) : []),
  ].filter(({ type }) => type !== 'gateway.replayStarted' || context.reached === 'hello');
}

/** Tells apart states with the same value that lead to different states. */
const key = (snapshot: ShardSnapshot): string => {
  const { session, shouldReconnect, failedResumes, unansweredResumes, readyTimeouts, claimWaitMs } = snapshot.context;
  const { reached, warmStart } = snapshot.context;
  return JSON.stringify([
    session !== null,
    shouldReconnect,
    warmStart,
    failedResumes,
    unansweredResumes,
    reached === 'replay',
    mayCross(snapshot),
    isAway(snapshot),
    readyTimeouts,
    claimWaitMs,
    snapshot.matches('reconnecting') && isSocketGone(snapshot),
  ]);
};

export const exploreShard = (): TimedGraph<ShardMachine> =>
  exploreTimed(model, {
    inputs: INPUTS,
    events: possibleEventsIn,
    takesMs: ({ type }) => (type === 'socket.dispatchTimeout' ? SILENCE_MS : 0),
    waits: (snapshot) => !isTransient(snapshot),
    key,
    // The wait for READY doubles each time; further doublings lead to nothing new.
    stopWhen: ({ context }) => context.readyTimeouts > 1,
  });

/** Paths short enough to read when one fails. */
export const walkShard = (graph: TimedGraph<ShardMachine>, cover: Cover): CoveringPaths<ShardMachine> =>
  coveringPaths(graph, { cover, maxLength: 40 });

/** Names a path by its number, its length and its input. */
export const titleOf = ({ input, steps }: ShardPath, index: number): string =>
  `path ${index + 1}, ${steps.length} steps${input.session === null ? '' : ', with a session'}${input.shouldReconnect ? '' : ', without reconnecting'}`;
