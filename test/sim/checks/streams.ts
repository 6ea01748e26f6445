/** Streams of dispatches, and the store, which must not be ahead of them. */
import type { Dispatch } from '../../../src/index.ts';
import type { Life } from '../life.ts';
import type { User } from '../user.ts';
import type { World } from '../world.ts';
import type { Check, Complain } from './check.ts';
import { follow, lastIndex, placeOf } from './delivery.ts';

interface Watched {
  readonly life: Life;
  readonly events: readonly string[] | null;
  /** Handed to listeners and not taken from the stream. */
  readonly waiting: Dispatch[];
  readonly signal: AbortSignal | undefined;
  isFinished: boolean;
  /** What it held was dropped. */
  isLeft: boolean;
  /** The stop came from within a listener of this dispatch: the stream may get it or not. */
  optional: Dispatch | null;
}

const key = (life: User, id: number): string => `${life.slot.name}/${id}`;

function watchStreams(world: World, complain: Complain): ReadonlyMap<string, Watched> {
  const streams = new Map<string, Watched>();
  const of = (life: User): Watched[] => [...streams.values()].filter((stream) => stream.life === life);
  const last = new Map<User, Dispatch>();
  world.chronicle.on('stream.opened', ({ life, id, events, signal }) => {
    const isLeft = signal?.aborted === true;
    streams.set(key(life, id), { life, events, signal, waiting: [], isFinished: isLeft, isLeft, optional: null });
  });
  world.chronicle.on('dispatched', ({ life, dispatch }) => {
    if (streams.size === 0) return;
    last.set(life, dispatch);
    for (const { events, waiting, isFinished } of of(life)) {
      if (!isFinished && (events === null || events.includes(dispatch.t))) waiting.push(dispatch);
    }
  });
  const finish = (life: User): void => {
    for (const stream of of(life)) {
      if (!stream.isFinished) stream.optional = last.get(life) ?? null;
      stream.isFinished = true;
    }
  };
  const leave = (stream: Watched | undefined): void => {
    if (stream === undefined) return;
    stream.isFinished = true;
    stream.isLeft = true;
    stream.waiting.length = 0;
  };
  world.chronicle.on('deed', ({ life, name }) => {
    if (['disconnect', 'forceClose', 'restart'].includes(name)) finish(life);
  });
  world.chronicle.on('told', ({ life, name, args }) => {
    if (name === 'failed') finish(life);
    if (name !== 'stateChange') return;
    const { from, to } = args[0] as { from: string; to: string };
    if (to.startsWith('disconnect')) finish(life);
    // Whether a stop was asked for, or the connection lost, can't be told from here: what comes back either way is let be.
    if (from === 'disconnecting' && to === 'connecting') for (const stream of of(life)) leave(stream);
  });
  world.chronicle.on('stream.left', ({ life, id }) => leave(streams.get(key(life, id))));
  world.chronicle.on('signal.aborted', ({ signal }) => {
    for (const stream of streams.values()) if (stream.signal === signal) leave(stream);
  });
  world.chronicle.on('stream.took', ({ life, id, dispatch }) => {
    const stream = streams.get(key(life, id));
    if (stream === undefined) return complain(`a stream that had ended gave ${dispatch.t} ${dispatch.s}`);
    // What it was promised before it left still reaches it.
    if (stream.isLeft) return;
    const expected = stream.waiting.shift();
    if (expected !== dispatch) complain(`a stream gave ${dispatch.t} ${dispatch.s} instead of ${expected?.t} ${expected?.s}`);
  });
  world.chronicle.on('stream.ended', ({ life, id, hasLeft, error }) => {
    const stream = streams.get(key(life, id));
    streams.delete(key(life, id));
    const isAborted = (error as { code?: string } | null)?.code === 'ABORTED';
    if (stream === undefined || hasLeft || stream.isLeft || isAborted) return;
    if (!stream.isFinished) return complain(`a stream ended by itself: ${String(error)}`);
    const left = stream.waiting.filter((dispatch) => dispatch !== stream.optional);
    if (left.length > 0) complain(`a stream ended with ${left.length} dispatches in it`);
  });
  return streams;
}

export const streamsAgree: Check = {
  rule: 'a stream gives what the listeners were given, in order, and ends after the last of it',
  watch: (world, complain) => void watchStreams(world, complain),
};

export const storeBehind: Check = {
  rule: 'the stored session is never ahead of what was handed out, nor of what waits in a stream',
  watch(world, complain) {
    const { furthest } = follow(world, () => undefined);
    const streams = watchStreams(world, () => undefined);
    const given = new WeakSet<Dispatch>();
    /** Up to where the user says to have all of a session: he may say so of a dispatch that is just being handed out. */
    const vouched = new Map<User, { sessionId: string; index: number }>();
    const isVouchedFor = (life: User, place: readonly [string, number]): boolean => {
      const word = vouched.get(life);
      return word?.sessionId === place[0] && place[1] <= word.index;
    };
    world.chronicle.on('deed', ({ life, session }) => {
      if (session === undefined) return;
      if (world.gateway.sessions.has(session.sessionId)) vouched.set(life, { sessionId: session.sessionId, index: lastIndex(world, session.sessionId, session.sequence) });
      for (const { life: other, waiting } of streams.values()) if (other === life) for (const dispatch of waiting) given.add(dispatch);
    });
    world.chronicle.on('store.saving', ({ life, session: { sessionId, sequence } }) => {
      if (!world.gateway.sessions.has(sessionId)) return;
      const index = lastIndex(world, sessionId, sequence);
      const known = furthest.get(life.slot)!.get(sessionId) ?? -1;
      if (index > known) complain(`${sessionId}:${sequence} is stored, number ${index}; only number ${known} was handed out`);
      if (streams.size === 0) return;
      // A consumer that was waiting gets its dispatch within this turn.
      process.nextTick(() => {
        for (const { life: other, waiting, optional } of streams.values()) {
          if (other !== life) continue;
          const places = waiting.filter((dispatch) => dispatch !== optional && !given.has(dispatch)).flatMap((dispatch) => [placeOf(dispatch)].filter((place) => place !== null));
          const oldest = places.find((place) => place[0] === sessionId && !isVouchedFor(life, place));
          if (oldest !== undefined && index >= oldest[1]) {
            complain(`${sessionId}:${sequence} is stored, number ${index}, while number ${oldest[1]} waits in a stream`);
          }
        }
      });
    });
  },
};
