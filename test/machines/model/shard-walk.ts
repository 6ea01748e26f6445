/**
 * The walks through the chart of a shard that the tests take, in memory and on the wire. What may happen in a state is
 * held to what can be brought about with a real socket.
 */
import { lossOf } from '../../../machines/index.ts';
import type { ShardEvent } from '../../../machines/index.ts';
import { coveringPaths, exploreTimed } from '../../../src/testing/index.ts';
import type { Cover, CoveringPaths, TimedGraph, TimedPath } from '../../../src/testing/index.ts';
import { STORE_AND_GATE_EVENTS, COMMANDS, INPUTS, connectionEvents, model } from './shard-model.ts';
import type { ShardMachine, ShardSnapshot } from './shard-model.ts';

export type ShardPath = TimedPath<ShardMachine>;

/** So long a ready shard hears nothing until its watchdog reacts. */
export const SILENCE_MS = 1;

/** The last socket is gone already, so whoever waits for that need not wait. */
function isSocketGone({ context: { loss } }: ShardSnapshot): boolean {
  return loss !== null && loss.closeWith === null && (loss.code !== null || loss === ZOMBIE_LOSS);
}

const ZOMBIE_LOSS = lossOf('zombie', { type: 'shard.connect' });

/** Where the shard finds what it looks for at once: the session is at hand, the socket is gone. */
export const isTransient = (snapshot: ShardSnapshot): boolean =>
  (snapshot.value === 'restoring' && snapshot.context.session !== null) ||
  (snapshot.matches('disconnecting') && isSocketGone(snapshot));

const SESSION_KEEPING_COMMANDS = COMMANDS.filter((command) => !('session' in command) || command.session !== 'discard');

const closeCompleted = (connectionId: number): ShardEvent => ({ type: 'socket.closeCompleted', connectionId });

function possibleEventsIn(snapshot: ShardSnapshot): ShardEvent[] {
  const { value, context } = snapshot;
  const { connectionId, session } = context;
  if (isTransient(snapshot))
    return [value === 'restoring' ? { type: 'session.loaded', session } : closeCompleted(connectionId)];
  // Who is told to stop while the socket is gone is disconnected in that instant: `disconnecting` can't be seen.
  const isUnseen = value === 'reconnecting' && isSocketGone(snapshot);
  return [
    ...SESSION_KEEPING_COMMANDS.filter(({ type }) => !isUnseen || type !== 'shard.disconnect'),
    ...STORE_AND_GATE_EVENTS,
    ...(snapshot.matches('online') ? connectionEvents(connectionId) : [closeCompleted(connectionId)]),
  ];
}

/** What tells apart where the shard goes from two states that look the same. */
const key = (snapshot: ShardSnapshot): string => {
  const { session, shouldReconnect, failedResumes, readyTimeouts } = snapshot.context;
  return JSON.stringify([
    session !== null,
    shouldReconnect,
    failedResumes,
    readyTimeouts,
    snapshot.value === 'reconnecting' && isSocketGone(snapshot),
  ]);
};

export const exploreShard = (): TimedGraph<ShardMachine> =>
  exploreTimed(model, {
    inputs: INPUTS,
    events: possibleEventsIn,
    takesMs: ({ type }) => (type === 'socket.dispatchTimeout' ? SILENCE_MS : 0),
    waits: (snapshot) => !isTransient(snapshot),
    key,
    // Twice the patience, and twice that: there is no end to it, and nothing new.
    stopWhen: ({ context }) => context.readyTimeouts > 1,
  });

/** Of a length that can still be read when one fails. */
export const walkShard = (graph: TimedGraph<ShardMachine>, cover: Cover): CoveringPaths<ShardMachine> =>
  coveringPaths(graph, { cover, maxLength: 40 });

/** What is left of a path to tell which it is. */
export const titleOf = ({ input, steps }: ShardPath, index: number): string =>
  `path ${index + 1}, ${steps.length} steps${input.session === null ? '' : ', with a session'}${input.shouldReconnect ? '' : ', without reconnecting'}`;
