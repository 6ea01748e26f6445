/** What Discord said and what the user got: each once, in order, and nothing kept back. */
import type { Dispatch } from '../../../src/index.ts';
import type { Place, User } from '../user.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** How far a life has got. */
interface Track {
  sessionId: string;
  /** The place in the session's log of what was handed out last. */
  index: number;
  /** The user gave a session: the next RESUME says where it begins. */
  isGiven: boolean;
}

/** `[session, place in its log]`; `null` for RESUMED, which is in no log. */
export const placeOf = ({ d }: { readonly d?: unknown }): [sessionId: string, index: number] | null =>
  (d as { sim?: [string, number] } | null)?.sim ?? null;

/** The place of the last of what a sequence covers. */
export const lastIndex = (world: World, sessionId: string, sequence: number): number =>
  (world.gateway.sessions.get(sessionId)?.indexAfter(sequence) ?? 0) - 1;

/** Each dispatch of a session reaches the listeners of a life once and in order. */
function follow(world: World, complain: (what: string) => void): { tracks: Map<User, Track>; furthest: Map<Place, Map<string, number>> } {
  const tracks = new Map<User, Track>();
  /** By slot and session, over all lives. */
  const furthest = new Map<Place, Map<string, number>>(world.slots.map((slot) => [slot, new Map()]));
  world.chronicle.on('dispatched', ({ life, dispatch }) => {
    const place = placeOf(dispatch);
    if (place === null) return;
    const [sessionId, index] = place;
    const track = tracks.get(life);
    if (life.isOver) complain(`${dispatch.t} ${dispatch.s} reached a shard that was thrown away`);
    if (track?.sessionId === sessionId && index !== track.index + 1) {
      complain(`${sessionId}: number ${index} (${dispatch.t}) was handed out after number ${track.index}`);
    } else if (track?.sessionId !== sessionId && index !== 0) {
      complain(`${sessionId}: number ${index} (${dispatch.t}) was the first to be handed out`);
    }
    tracks.set(life, { sessionId, index, isGiven: track?.sessionId === sessionId && track.isGiven });
    const own = furthest.get(life.slot)!;
    if (index > (own.get(sessionId) ?? -1)) own.set(sessionId, index);
  });
  world.chronicle.on('deed', ({ life, session }) => {
    const track = tracks.get(life);
    if (session === undefined) return;
    if (track !== undefined) track.isGiven = true;
    // Whoever gives a session says by its sequence how far he has got.
    const own = furthest.get(life.slot)!;
    const index = lastIndex(world, session.sessionId, session.sequence);
    if (index > (own.get(session.sessionId) ?? -1)) own.set(session.sessionId, index);
  });
  world.chronicle.on('shard.sent', ({ socket: { life }, packet }) => {
    if (packet.op !== 6) return;
    const { session_id: sessionId, seq } = packet.d as { session_id: string; seq: number };
    if (!world.gateway.sessions.has(sessionId)) return;
    const index = lastIndex(world, sessionId, seq);
    const track = tracks.get(life);
    if (track !== undefined && track.sessionId === sessionId && !track.isGiven) {
      if (index !== track.index) complain(`RESUME from ${seq}, which is number ${index}, but number ${track.index} was handed out`);
      return;
    }
    const known = furthest.get(life.slot)!.get(sessionId) ?? -1;
    if (index > known) complain(`RESUME from ${seq}, which is number ${index}, but no life was given more than number ${known}`);
    tracks.set(life, { sessionId, index, isGiven: false });
  });
  return { tracks, furthest };
}

export const delivery: Check = {
  rule: 'each dispatch of a session reaches the listeners exactly once and in order',
  watch: (world, complain) => void follow(world, complain),
};

/** A request for members that was put off is answered when it is: what was said so short a time ago may be on its way. */
const WAY_MS = 5_000;

export const nothingLost: Check = {
  rule: 'once all is well, all that was said in a session has been handed out',
  watch(world, complain) {
    const { tracks } = follow(world, () => undefined);
    /** When that was which was said last, by session. */
    const saidAt = new Map<string, number[]>();
    const isRecent = (at: number): boolean => world.clock.now() - at < WAY_MS;
    world.chronicle.on('gateway.said', ({ packet }) => {
      const place = placeOf(packet);
      if (place !== null) saidAt.set(place[0], [...(saidAt.get(place[0]) ?? []).filter(isRecent), world.clock.now()]);
    });
    world.chronicle.on('drain.ended', () => {
      for (const { life, isWell } of world.slots) {
        const session = world.gateway.sessions.get(life.shard.session?.sessionId ?? '');
        if (!isWell || session === undefined) continue;
        const index = tracks.get(life)?.index ?? -1;
        const onTheWay = (saidAt.get(session.id) ?? []).filter(isRecent).length;
        if (index < session.log.length - 1 - onTheWay) {
          complain(`shard ${life.slot.shardId} got ${session.id} up to number ${index} of ${session.log.length - 1}`);
        }
      }
    });
  },
};

export const typedListeners: Check = {
  rule: 'listeners of one event name get the same dispatches as listeners of all, first',
  watch(world, complain) {
    const expected = new Map<User, Dispatch>();
    world.chronicle.on('typed', ({ life, dispatch }) => {
      if (expected.has(life)) complain(`${dispatch.t} ${dispatch.s} was told twice to a listener of its name`);
      expected.set(life, dispatch);
    });
    world.chronicle.on('dispatched', ({ life, dispatch }) => {
      const typed = expected.get(life);
      if ((dispatch.t === 'MESSAGE_CREATE' || typed !== undefined) && typed !== dispatch) complain(`${dispatch.t} ${dispatch.s} was not told to listeners of its name`);
      expected.delete(life);
    });
  },
};

export const resumedCount: Check = {
  rule: 'resumed tells how many dispatches were replayed',
  watch(world, complain) {
    const counts = new Map<User, number>();
    world.chronicle.on('shard.sent', ({ socket, packet }) => {
      if (packet.op === 6) counts.set(socket.life, 0);
    });
    world.chronicle.on('dispatched', ({ life, dispatch }) => {
      if (dispatch.t !== 'RESUMED') counts.set(life, (counts.get(life) ?? 0) + 1);
    });
    world.chronicle.on('told', ({ life, name, args }) => {
      if (name !== 'resumed') return;
      const { replayed } = args[0] as { replayed: number };
      const count = counts.get(life) ?? 0;
      if (replayed !== count) complain(`resumed told of ${replayed} replayed dispatches, ${count} were handed out`);
    });
  },
};

export { follow };
