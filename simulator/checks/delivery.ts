/** Compares what the gateway sent with what the listeners received: every dispatch once and in order. */
import type { Dispatch } from '../../src/index.ts';
import type { ProcessPlace, SimulatedProcess } from '../simulated-process.ts';
import type { World } from '../world.ts';
import { dataOf } from './check.ts';
import type { Check } from './check.ts';
import { sharedTracker } from './check.ts';

/** How far the deliveries of a process have got. */
interface DeliveryPosition {
  sessionId: string;
  /** The index in the session's log of the last dispatch delivered. */
  index: number;
  /** Whether the user has set a session, so that the next RESUME decides where delivery begins. */
  isUserSession: boolean;
}

/**
 * Returns the session of a dispatch and the index in its log; `null` for one that can't be followed: RESUMED, which is
 * not logged, and data without a tag.
 */
export const logPositionOf = (dispatch: { readonly d?: unknown }): [sessionId: string, index: number] | null =>
  (dataOf(dispatch) as { sim?: [string, number] } | null | undefined)?.sim ?? null;

/** Returns the index in the log of the last dispatch that a sequence covers, of those that can be followed. */
export function lastIndex(world: World, sessionId: string, sequence: number): number {
  const session = world.gateway.sessions.get(sessionId);
  return session === undefined ? -1 : session.lastTagged(session.indexAfter(sequence) - 1);
}

interface Deliveries {
  readonly positions: ReadonlyMap<SimulatedProcess, DeliveryPosition>;
  /** The highest index delivered, by place and session, over all processes. */
  readonly maxIndexes: ReadonlyMap<ProcessPlace, Map<string, number>>;
}

/** Follows which dispatches of a session the listeners of each process received. */
export const trackDeliveries = sharedTracker((world, complain): Deliveries => {
  const positions = new Map<SimulatedProcess, DeliveryPosition>();
  const maxIndexes = new Map<ProcessPlace, Map<string, number>>(world.shardPlaces.map((place) => [place, new Map()]));
  world.eventLog.on('dispatched', ({ proc, dispatch }) => {
    const logPosition = logPositionOf(dispatch);
    if (logPosition === null) return;
    const [sessionId, index] = logPosition;
    const position = positions.get(proc);
    if (proc.isOver) complain(`${dispatch.t} ${dispatch.s} reached a process that has ended`);
    const before = world.gateway.sessions.get(sessionId)?.lastTagged(index - 1);
    if (position?.sessionId === sessionId && before !== position.index) {
      complain(`${sessionId}: number ${index} (${dispatch.t}) was delivered after number ${position.index}`);
    } else if (position?.sessionId !== sessionId && index !== 0) {
      complain(`${sessionId}: number ${index} (${dispatch.t}) was delivered first`);
    }
    positions.set(proc, {
      sessionId,
      index,
      isUserSession: position?.sessionId === sessionId && position.isUserSession,
    });
    const indexBySession = maxIndexes.get(proc.place)!;
    if (index > (indexBySession.get(sessionId) ?? -1)) indexBySession.set(sessionId, index);
  });
  // It goes on where the other process has stopped.
  world.eventLog.on('process.returned', ({ proc }) => void positions.delete(proc));
  world.eventLog.on('action', ({ proc, session }) => {
    const position = positions.get(proc);
    if (session === undefined) return;
    if (position !== undefined) position.isUserSession = true;
    // The sequence of a session that the user sets says how far the user has got.
    const indexBySession = maxIndexes.get(proc.place)!;
    const index = lastIndex(world, session.sessionId, session.sequence);
    if (index > (indexBySession.get(session.sessionId) ?? -1)) indexBySession.set(session.sessionId, index);
  });
  world.eventLog.on('shard.sent', ({ socket: { proc }, packet }) => {
    if (packet.op !== 6) return;
    const { session_id: sessionId, seq } = packet.d as { session_id: string; seq: number };
    if (!world.gateway.sessions.has(sessionId)) return;
    const index = lastIndex(world, sessionId, seq);
    const position = positions.get(proc);
    if (position !== undefined && position.sessionId === sessionId && !position.isUserSession) {
      if (index !== position.index)
        complain(`RESUME from ${seq}, which is number ${index}, but number ${position.index} was delivered last`);
      return;
    }
    const known = maxIndexes.get(proc.place)!.get(sessionId) ?? -1;
    if (index > known)
      complain(`RESUME from ${seq}, which is number ${index}, but no process received more than number ${known}`);
    positions.set(proc, { sessionId, index, isUserSession: false });
  });
  return { positions, maxIndexes };
});

export const delivery: Check = {
  rule: 'each dispatch of a session reaches the listeners exactly once and in order',
  watch: (world, complain) => void trackDeliveries(world, complain),
};

/** Dispatches sent this recently may still be on the way: a delayed request for members is answered late. */
const TRANSIT_MS = 5_000;

export const nothingLost: Check = {
  rule: 'after recovery, every dispatch of a session has been delivered',
  watch(world, complain) {
    const { positions } = trackDeliveries(world);
    /** When the latest dispatches of each session were sent. */
    const sentAt = new Map<string, number[]>();
    const isRecent = (at: number): boolean => world.clock.now() - at < TRANSIT_MS;
    world.eventLog.on('gateway.sent', ({ packet }) => {
      const position = logPositionOf(packet);
      if (position !== null)
        sentAt.set(position[0], [...(sentAt.get(position[0]) ?? []).filter(isRecent), world.clock.now()]);
    });
    world.eventLog.on('recovery.ended', () => {
      for (const { proc, isHealthy } of world.shardPlaces) {
        const session = world.gateway.sessions.get(proc.shard.session?.sessionId ?? '');
        if (!isHealthy || session === undefined) continue;
        const index = positions.get(proc)?.index ?? -1;
        const onTheWay = (sentAt.get(session.id) ?? []).filter(isRecent).length;
        const last = session.lastTagged(session.log.length - 1);
        if (index < last - onTheWay)
          complain(`shard ${proc.place.shardId} received ${session.id} only up to number ${index} of ${last}`);
      }
    });
  },
};

export const typedListeners: Check = {
  rule: 'listeners of one event name receive the same dispatches as listeners of all events, before them',
  watch(world, complain) {
    const expected = new Map<SimulatedProcess, Dispatch>();
    world.eventLog.on('typed', ({ proc, dispatch }) => {
      if (expected.has(proc)) complain(`${dispatch.t} ${dispatch.s} was delivered twice to a listener of its name`);
      expected.set(proc, dispatch);
    });
    world.eventLog.on('dispatched', ({ proc, dispatch }) => {
      const typed = expected.get(proc);
      if ((dispatch.t === 'MESSAGE_CREATE' || typed !== undefined) && typed !== dispatch)
        complain(`${dispatch.t} ${dispatch.s} was not delivered to listeners of its name`);
      expected.delete(proc);
    });
  },
};

export const resumedCount: Check = {
  rule: 'the event resumed contains the number of replayed dispatches',
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
      if (replayed !== count) complain(`resumed says ${replayed} replayed dispatches, but ${count} were delivered`);
    });
  },
};
