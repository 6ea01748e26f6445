/** What Discord said and what the user got: each once, in order, and nothing kept back. */
import type { Dispatch } from '../../src/index.ts';
import type { ProcessPlace, SimulatedProcess } from '../simulated-process.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** How far a life has got. */
interface DeliveryPosition {
  sessionId: string;
  /** The place in the session's log of what was handed out last. */
  index: number;
  /** The user gave a session: the next RESUME says where it begins. */
  isUserSession: boolean;
}

/** `[session, place in its log]`; `null` for RESUMED, which is in no log. */
export const logPositionOf = ({ d }: { readonly d?: unknown }): [sessionId: string, index: number] | null =>
  (d as { sim?: [string, number] } | null)?.sim ?? null;

/** The place of the last of what a sequence covers. */
export const lastIndex = (world: World, sessionId: string, sequence: number): number =>
  (world.gateway.sessions.get(sessionId)?.indexAfter(sequence) ?? 0) - 1;

/** Each dispatch of a session reaches the listeners of a life once and in order. */
function trackDeliveries(
  world: World,
  complain: (what: string) => void,
): { tracks: Map<SimulatedProcess, DeliveryPosition>; maxIndexes: Map<ProcessPlace, Map<string, number>> } {
  const tracks = new Map<SimulatedProcess, DeliveryPosition>();
  /** By slot and session, over all lives. */
  const maxIndexes = new Map<ProcessPlace, Map<string, number>>(world.shardPlaces.map((place) => [place, new Map()]));
  world.eventLog.on('dispatched', ({ proc, dispatch }) => {
    const position = logPositionOf(dispatch);
    if (position === null) return;
    const [sessionId, index] = position;
    const track = tracks.get(proc);
    if (proc.isOver) complain(`${dispatch.t} ${dispatch.s} reached a shard that was thrown away`);
    if (track?.sessionId === sessionId && index !== track.index + 1) {
      complain(`${sessionId}: number ${index} (${dispatch.t}) was handed out after number ${track.index}`);
    } else if (track?.sessionId !== sessionId && index !== 0) {
      complain(`${sessionId}: number ${index} (${dispatch.t}) was the first to be handed out`);
    }
    tracks.set(proc, { sessionId, index, isUserSession: track?.sessionId === sessionId && track.isUserSession });
    const indexBySession = maxIndexes.get(proc.place)!;
    if (index > (indexBySession.get(sessionId) ?? -1)) indexBySession.set(sessionId, index);
  });
  world.eventLog.on('action', ({ proc, session }) => {
    const track = tracks.get(proc);
    if (session === undefined) return;
    if (track !== undefined) track.isUserSession = true;
    // Whoever gives a session says by its sequence how far he has got.
    const indexBySession = maxIndexes.get(proc.place)!;
    const index = lastIndex(world, session.sessionId, session.sequence);
    if (index > (indexBySession.get(session.sessionId) ?? -1)) indexBySession.set(session.sessionId, index);
  });
  world.eventLog.on('shard.sent', ({ socket: { proc }, packet }) => {
    if (packet.op !== 6) return;
    const { session_id: sessionId, seq } = packet.d as { session_id: string; seq: number };
    if (!world.gateway.sessions.has(sessionId)) return;
    const index = lastIndex(world, sessionId, seq);
    const track = tracks.get(proc);
    if (track !== undefined && track.sessionId === sessionId && !track.isUserSession) {
      if (index !== track.index)
        complain(`RESUME from ${seq}, which is number ${index}, but number ${track.index} was handed out`);
      return;
    }
    const known = maxIndexes.get(proc.place)!.get(sessionId) ?? -1;
    if (index > known)
      complain(`RESUME from ${seq}, which is number ${index}, but no life was given more than number ${known}`);
    tracks.set(proc, { sessionId, index, isUserSession: false });
  });
  return { tracks, maxIndexes };
}

export const delivery: Check = {
  rule: 'each dispatch of a session reaches the listeners exactly once and in order',
  watch: (world, complain) => void trackDeliveries(world, complain),
};

/** A request for members that was put off is answered when it is: what was said so short a time ago may be on its way. */
const TRANSIT_MS = 5_000;

export const nothingLost: Check = {
  rule: 'once all is well, all that was said in a session has been handed out',
  watch(world, complain) {
    const { tracks } = trackDeliveries(world, () => undefined);
    /** When that was which was said last, by session. */
    const saidAt = new Map<string, number[]>();
    const isRecent = (at: number): boolean => world.clock.now() - at < TRANSIT_MS;
    world.eventLog.on('gateway.sent', ({ packet }) => {
      const position = logPositionOf(packet);
      if (position !== null)
        saidAt.set(position[0], [...(saidAt.get(position[0]) ?? []).filter(isRecent), world.clock.now()]);
    });
    world.eventLog.on('drain.ended', () => {
      for (const { proc, isHealthy } of world.shardPlaces) {
        const session = world.gateway.sessions.get(proc.shard.session?.sessionId ?? '');
        if (!isHealthy || session === undefined) continue;
        const index = tracks.get(proc)?.index ?? -1;
        const onTheWay = (saidAt.get(session.id) ?? []).filter(isRecent).length;
        if (index < session.log.length - 1 - onTheWay) {
          complain(`shard ${proc.place.shardId} got ${session.id} up to number ${index} of ${session.log.length - 1}`);
        }
      }
    });
  },
};

export const typedListeners: Check = {
  rule: 'listeners of one event name get the same dispatches as listeners of all, first',
  watch(world, complain) {
    const expected = new Map<SimulatedProcess, Dispatch>();
    world.eventLog.on('typed', ({ proc, dispatch }) => {
      if (expected.has(proc)) complain(`${dispatch.t} ${dispatch.s} was told twice to a listener of its name`);
      expected.set(proc, dispatch);
    });
    world.eventLog.on('dispatched', ({ proc, dispatch }) => {
      const typed = expected.get(proc);
      if ((dispatch.t === 'MESSAGE_CREATE' || typed !== undefined) && typed !== dispatch)
        complain(`${dispatch.t} ${dispatch.s} was not told to listeners of its name`);
      expected.delete(proc);
    });
  },
};

export const resumedCount: Check = {
  rule: 'resumed tells how many dispatches were replayed',
  watch(world, complain) {
    const counts = new Map<SimulatedProcess, number>();
    world.eventLog.on('shard.sent', ({ socket, packet }) => {
      if (packet.op === 6) counts.set(socket.proc, 0);
    });
    world.eventLog.on('dispatched', ({ proc, dispatch }) => {
      if (dispatch.t !== 'RESUMED') counts.set(proc, (counts.get(proc) ?? 0) + 1);
    });
    world.eventLog.on('emitted', ({ proc, name, args }) => {
      if (name !== 'resumed') return;
      const { replayed } = args[0] as { replayed: number };
      const count = counts.get(proc) ?? 0;
      if (replayed !== count) complain(`resumed told of ${replayed} replayed dispatches, ${count} were handed out`);
    });
  },
};

export { trackDeliveries };
