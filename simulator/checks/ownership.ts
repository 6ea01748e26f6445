/** Checks that two processes with one session store do not disturb each other. */
import { DEFAULT_TIMING } from '../../machines/index.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { World } from '../world.ts';
import { sharedTracker } from './check.ts';
import type { Check } from './check.ts';
import { lastIndex, trackDeliveries } from './delivery.ts';

/**
 * The processes that may have a session without being its owner: their store did not work, or the user took the session
 * over.
 */
const trackExcused = sharedTracker(({ conditions, eventLog }: World): ReadonlySet<SimulatedProcess> => {
  const excused = new Set<SimulatedProcess>();
  const excuseAll = ({ proc }: { proc: SimulatedProcess }): void => {
    for (const process of proc.place.processes) excused.add(process);
  };
  eventLog.on('store.failed', ({ proc }) => void excused.add(proc));
  eventLog.on('store.began', ({ proc }) => {
    if ((conditions.get('slowStore') ?? 0) > DEFAULT_TIMING.connectTimeoutMs / 4) excused.add(proc);
  });
  eventLog.on('store.claimed', (claim) => {
    if (claim.isTakeOver) excuseAll(claim);
  });
  eventLog.on('action', ({ proc, name, session }) => {
    if (session !== undefined || name === 'reinstantiate') excuseAll({ proc });
  });
  return excused;
});

const isAlive = ({ readyState, connection, link }: SimSocket): boolean =>
  readyState === 1 && !link.isHalfOpen && connection !== null && !connection.isClosed && connection.session !== null;

export const oneOwner: Check = {
  rule: 'a process begins no session, and resumes none, while the process before it has a connection',
  watch(world, complain) {
    const excused = trackExcused(world);
    world.eventLog.on('shard.sent', ({ socket: { proc, shardId }, packet: { op } }) => {
      if ((op !== 2 && op !== 6) || !world.setting.hasStore || excused.has(proc)) return;
      for (const other of proc.place.processes) {
        if (other === proc || other.isOver || excused.has(other)) continue;
        const alive = other.sockets.find((socket) => socket.shardId === shardId && isAlive(socket));
        if (alive !== undefined)
          complain(
            `process ${proc.number} sent op ${op} while process ${other.number} had session ${alive.connection?.session?.id}`,
          );
      }
    });
  },
};

export const ownerWrites: Check = {
  rule: 'a process writes a session only with its own lease, and no more after the store has refused it',
  watch({ eventLog }, complain) {
    const fences = new Map<SimulatedProcess, Map<number, number>>();
    const refused = new Map<SimulatedProcess, Set<number>>();
    const onWrite = (proc: SimulatedProcess, shardId: number, fence: number | null): void => {
      const own = fences.get(proc)?.get(shardId) ?? null;
      if (refused.get(proc)?.has(shardId) === true)
        complain(`process ${proc.number} writes shard ${shardId} although the store has refused it`);
      else if (fence === null || fence !== own)
        complain(`process ${proc.number} writes shard ${shardId} with fence ${fence}; its own is ${own}`);
    };
    eventLog.on('store.claimed', ({ proc, shardId, fence }) => {
      const own = fences.get(proc) ?? new Map<number, number>();
      fences.set(proc, own.set(shardId, fence));
      refused.get(proc)?.delete(shardId);
    });
    eventLog.on('store.refused', ({ proc, shardId, what }) => {
      if (what === 'write') refused.set(proc, (refused.get(proc) ?? new Set()).add(shardId));
    });
    eventLog.on('store.saving', ({ proc, session: { shardId }, fence }) => onWrite(proc, shardId, fence));
    eventLog.on('store.clearing', ({ proc, shardId, fence }) => onWrite(proc, shardId, fence));
  },
};

export const exactHandOver: Check = {
  rule: 'after a process has stopped gracefully, the next one resumes exactly behind what it delivered',
  watch(world, complain) {
    const excused = trackExcused(world);
    const { positions } = trackDeliveries(world);
    const hasStreams = new Set<SimulatedProcess>();
    /** The process that stopped last in each place, until the next one has resumed. */
    const stopped = new Map<unknown, SimulatedProcess>();
    /** The process after each that another one had given its turn. */
    const returned = new Map<SimulatedProcess, SimulatedProcess>();
    world.eventLog.on('process.returned', ({ proc, before }) => void returned.set(before, proc));
    world.eventLog.on('stream.opened', ({ proc }) => void hasStreams.add(proc));
    world.eventLog.on('process.ended', ({ proc, isGraceful }) => {
      stopped.delete(proc.place);
      if (isGraceful && !hasStreams.has(proc)) stopped.set(proc.place, proc);
    });
    world.eventLog.on('shard.sent', ({ socket: { proc }, packet }) => {
      const before = stopped.get(proc.place);
      if (before === undefined || (packet.op !== 6 && packet.op !== 2)) return;
      stopped.delete(proc.place);
      // One between them may have been killed.
      const isNext = proc === returned.get(before) || proc.number === before.number + 1;
      if (packet.op === 2 || !isNext || excused.has(proc) || excused.has(before)) return;
      const { session_id: sessionId, seq } = packet.d as { session_id: string; seq: number };
      const index = lastIndex(world, sessionId, seq);
      // Not what earlier processes delivered: one that was killed before it had stored its session repeats some.
      const last = positions.get(before);
      if (last?.sessionId === sessionId && index < last.index)
        complain(`process ${proc.number} resumed behind number ${index}, but number ${last.index} had been delivered`);
    });
  },
};
