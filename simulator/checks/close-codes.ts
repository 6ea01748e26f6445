/** Checks that a shard reads the gateway's close code also when it closes at the same time itself. */
import { CLOSE_PATIENCE_MS } from '../../machines/index.ts';
import { FATAL_CODES } from '../faults.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { Check } from './check.ts';

/** The shard terminates the socket a little before, to hear of its end in time. */
const PATIENCE_MS = CLOSE_PATIENCE_MS - 110;

export const closeCodesRead: Check = {
  rule: 'a close code that arrives within a second of the close frame of the shard is read, and a fatal one stops the shard',
  watch(world, complain) {
    const { clock, eventLog } = world;
    /** When the shard sent its close frame on each socket. */
    const closedAt = new Map<SimSocket, number>();
    /** The codes with which the gateway closed, and those that arrived in time. */
    const ownCodes = new WeakMap<SimSocket, number>();
    const arrived = new Map<SimSocket, number>();
    /** The processes that have read a fatal code. */
    const stopped = new Map<SimulatedProcess, number>();
    /** Forgets what a process that the user stops, or that sleeps, has not read. */
    const excuse = (isExcused: (proc: SimulatedProcess) => boolean): void => {
      for (const socket of closedAt.keys()) {
        if (!isExcused(socket.proc)) continue;
        closedAt.delete(socket);
        arrived.delete(socket);
      }
      for (const proc of stopped.keys()) if (isExcused(proc)) stopped.delete(proc);
    };
    // The user may tear the connection down, or connect again.
    eventLog.on('action', ({ proc }) => excuse((other) => other === proc));
    const excuseStopped = (proc: SimulatedProcess, name: string, args: readonly unknown[]): void => {
      const { to = '' } = (name === 'stateChange' ? args[0] : {}) as { readonly to?: string };
      if (to.startsWith('disconnect')) excuse((other) => other === proc);
    };
    eventLog.on('emitted', ({ proc, name, args }) => excuseStopped(proc, name, args));
    eventLog.on('bot.emitted', ({ proc, name, args }) => excuseStopped(proc, name, args));
    eventLog.on('process.asleep', () => excuse(() => true));
    eventLog.on('shard.closing', ({ socket, code }) => {
      if (code === null) return;
      for (const [other, at] of closedAt) if (clock.now() - at >= PATIENCE_MS) closedAt.delete(other);
      closedAt.set(socket, clock.now());
    });
    eventLog.on('gateway.closed', ({ socket, code }) => {
      if (code !== null) ownCodes.set(socket, code);
    });
    eventLog.on('close.arrived', ({ socket, code }) => {
      const sinceMs = clock.now() - (closedAt.get(socket) ?? Number.NEGATIVE_INFINITY);
      if (ownCodes.get(socket) !== code || sinceMs >= PATIENCE_MS || socket.proc.isOver) return;
      if (socket.readyState === 3)
        complain(`socket ${socket.id} was terminated; close code ${code} arrived ${sinceMs} ms after its close frame`);
      else arrived.set(socket, code);
    });
    eventLog.on('socket.closed', ({ socket, code }) => {
      const own = arrived.get(socket);
      arrived.delete(socket);
      if (own === undefined || socket.proc.isOver) return;
      if (code !== own) complain(`socket ${socket.id} ended with ${code}, although close code ${own} had arrived`);
      else if (world.bot === null && FATAL_CODES.includes(code)) stopped.set(socket.proc, code);
    });
    eventLog.on('socket.created', ({ socket: { id, proc } }) => {
      const code = stopped.get(proc);
      if (code !== undefined) complain(`socket ${id} was opened although the gateway had closed with ${code}`);
    });
  },
};
