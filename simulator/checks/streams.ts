/** Compares the streams of `dispatches()` with the listeners, and the stored sessions with both. */
import type { Dispatch } from '../../src/index.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { Check } from './check.ts';
import { isReadable, sharedTracker } from './check.ts';
import { trackDeliveries, lastIndex, logPositionOf } from './delivery.ts';

interface WatchedStream {
  readonly proc: SimulatedProcess;
  readonly events: readonly string[] | null;
  /** Dispatches that the listeners received and the stream has not returned yet. */
  readonly waiting: Dispatch[];
  readonly signal: AbortSignal | undefined;
  isFinished: boolean;
  /** Whether the user left the stream, so that its dispatches were dropped. */
  isLeft: boolean;
  /** A listener of this dispatch stopped the shard, so the stream may return it or not. */
  optional: Dispatch | null;
}

const key = (proc: SimulatedProcess, id: number): string => `${proc.place.name}/${id}`;

/** Follows what each stream still has to return. */
export const trackStreams = sharedTracker((world, complain): ReadonlyMap<string, WatchedStream> => {
  const streams = new Map<string, WatchedStream>();
  const streamsOf = (proc: SimulatedProcess): WatchedStream[] =>
    [...streams.values()].filter((stream) => stream.proc === proc);
  const last = new Map<SimulatedProcess, Dispatch>();
  const disconnecting = new Set<SimulatedProcess>();
  world.eventLog.on('stream.opened', ({ proc, id, events, signal }) => {
    const isLeft = signal?.aborted === true;
    streams.set(key(proc, id), { proc, events, signal, waiting: [], isFinished: isLeft, isLeft, optional: null });
  });
  world.eventLog.on('dispatched', ({ proc, dispatch }) => {
    if (streams.size === 0) return;
    // A resume repeats it for all, or it is skipped for all.
    if (!isReadable(dispatch)) return;
    last.set(proc, dispatch);
    for (const { events, waiting, isFinished } of streamsOf(proc)) {
      if (!isFinished && (events === null || events.includes(dispatch.t))) waiting.push(dispatch);
    }
  });
  const finish = (proc: SimulatedProcess): void => {
    for (const stream of streamsOf(proc)) {
      if (!stream.isFinished) stream.optional = last.get(proc) ?? null;
      stream.isFinished = true;
    }
  };
  const leave = (stream: WatchedStream | undefined): void => {
    if (stream === undefined) return;
    stream.isFinished = true;
    stream.isLeft = true;
    stream.waiting.length = 0;
  };
  world.eventLog.on('action', ({ proc, name }) => {
    if (['disconnect', 'forceClose', 'restart'].includes(name)) finish(proc);
  });
  world.eventLog.on('emitted', ({ proc, name, args }) => {
    if (name === 'failed') finish(proc);
    if (name !== 'stateChange') return;
    const { from, to } = args[0] as { from: string; to: string };
    if (to.startsWith('disconnect')) finish(proc);
    if (to === 'disconnecting') disconnecting.add(proc);
    else disconnecting.delete(proc);
    // The cause of the disconnect is unknown here, so a shard that connects again is not judged.
    if (from === 'disconnecting' && to === 'connecting') for (const stream of streamsOf(proc)) leave(stream);
  });
  world.eventLog.on('stream.left', ({ proc, id }) => leave(streams.get(key(proc, id))));
  // What waits has been delivered by the other process.
  world.eventLog.on('process.returned', ({ proc }) => {
    for (const stream of streamsOf(proc)) leave(stream);
  });
  world.eventLog.on('signal.aborted', ({ signal }) => {
    for (const stream of streams.values()) if (stream.signal === signal) leave(stream);
    // If it was the signal of the connect() that waits there, the shard stays disconnected.
    for (const proc of disconnecting) finish(proc);
  });
  world.eventLog.on('stream.consumed', ({ proc, id, dispatch }) => {
    const stream = streams.get(key(proc, id));
    if (stream === undefined) return complain(`a stream that had ended returned ${dispatch.t} ${dispatch.s}`);
    // A read that was pending when the user left still resolves.
    if (stream.isLeft) return;
    const expected = stream.waiting.shift();
    if (expected !== dispatch)
      complain(`a stream returned ${dispatch.t} ${dispatch.s} instead of ${expected?.t} ${expected?.s}`);
  });
  world.eventLog.on('stream.ended', ({ proc, id, hasLeft, error }) => {
    const stream = streams.get(key(proc, id));
    streams.delete(key(proc, id));
    const isAborted = (error as { code?: string } | null)?.code === 'ABORTED';
    if (stream === undefined || hasLeft || stream.isLeft || isAborted) return;
    if (!stream.isFinished) return complain(`a stream ended although the shard was not stopped: ${String(error)}`);
    const left = stream.waiting.filter((dispatch) => dispatch !== stream.optional);
    if (left.length > 0) complain(`a stream ended before it returned ${left.length} dispatches`);
  });
  return streams;
});

export const streamsAgree: Check = {
  rule: 'a stream returns what the listeners received, in order, and ends after the last dispatch',
  watch: (world, complain) => void trackStreams(world, complain),
};

export const storeBehind: Check = {
  rule: 'the stored session is not ahead of what was delivered, nor of what waits in a stream',
  watch(world, complain) {
    const { maxIndexes } = trackDeliveries(world);
    const streams = trackStreams(world);
    const claimedDispatches = new WeakSet<Dispatch>();
    /** How far the user claims to have a session. The claim may include the dispatch that is being delivered. */
    const claimed = new Map<SimulatedProcess, { sessionId: string; index: number }>();
    const isClaimed = (proc: SimulatedProcess, position: readonly [string, number]): boolean => {
      const claim = claimed.get(proc);
      return claim?.sessionId === position[0] && position[1] <= claim.index;
    };
    world.eventLog.on('action', ({ proc, session }) => {
      if (session === undefined) return;
      if (world.gateway.sessions.has(session.sessionId))
        claimed.set(proc, {
          sessionId: session.sessionId,
          index: lastIndex(world, session.sessionId, session.sequence),
        });
      for (const { proc: other, waiting } of streams.values())
        if (other === proc) for (const dispatch of waiting) claimedDispatches.add(dispatch);
    });
    world.eventLog.on('store.saving', ({ proc, session: { sessionId, sequence } }) => {
      if (!world.gateway.sessions.has(sessionId)) return;
      const index = lastIndex(world, sessionId, sequence);
      const known = maxIndexes.get(proc.place)!.get(sessionId) ?? -1;
      if (index > known)
        complain(`${sessionId}:${sequence} is stored, number ${index}; only number ${known} was delivered`);
      if (streams.size === 0) return;
      // A waiting consumer receives its dispatch within this turn.
      process.nextTick(() => {
        for (const { proc: other, waiting, optional } of streams.values()) {
          if (other !== proc) continue;
          const positions = waiting
            .filter((dispatch) => dispatch !== optional && !claimedDispatches.has(dispatch))
            .flatMap((dispatch) => [logPositionOf(dispatch)].filter((position) => position !== null));
          const oldest = positions.find((position) => position[0] === sessionId && !isClaimed(proc, position));
          if (oldest !== undefined && index >= oldest[1]) {
            complain(
              `${sessionId}:${sequence} is stored, number ${index}, while number ${oldest[1]} waits in a stream`,
            );
          }
        }
      });
    });
  },
};
