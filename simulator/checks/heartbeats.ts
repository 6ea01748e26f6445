/**
 * Checks that heartbeats are on time, and that dead sockets are replaced in time. Lateness of the process is allowed.
 */
import { FLUSH_READS_TIMEOUT_MS, ZOMBIE_TIMEOUT_MS } from '../../machines/timing.ts';
import { DEFAULT_TIMING } from '../../machines/index.ts';
import { COMPARED_WITHIN_MS } from '../sim-clock.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { Check } from './check.ts';

export const heartbeatsOnTime: Check = {
  rule: 'the first heartbeat comes within one interval of HELLO, and the next within one interval of the last',
  watch(world, complain) {
    const last = new Map<SimSocket, number>();
    const check = (socket: SimSocket, mayBeOverdue: boolean): void => {
      const at = last.get(socket);
      if (at === undefined) return;
      const now = world.clock.now();
      const allowedMs =
        world.setting.heartbeatIntervalMs +
        world.clock.latenessMs(at, now) * 2 +
        (mayBeOverdue ? FLUSH_READS_TIMEOUT_MS : 0);
      if (now - at > allowedMs)
        complain(`socket ${socket.id} sent no heartbeat for ${now - at} ms; ${allowedMs} ms are allowed`);
    };
    world.eventLog.on('shard.received', ({ socket, packet }) => {
      const { heartbeat_interval: interval } = (packet.op === 10 ? packet.d : {}) as { heartbeat_interval?: unknown };
      if (interval === world.setting.heartbeatIntervalMs && socket.readyState === 1)
        last.set(socket, world.clock.now());
    });
    world.eventLog.on('shard.sent', ({ socket, packet }) => {
      if (packet.op !== 1) return;
      check(socket, false);
      last.set(socket, world.clock.now());
    });
    world.eventLog.on('shard.closing', ({ socket }) => {
      if (socket.readyState === 1) check(socket, true);
      last.delete(socket);
    });
    world.eventLog.on('socket.closed', ({ socket }) => void last.delete(socket));
    world.eventLog.on('recovery.ended', () => {
      for (const socket of last.keys()) if (socket.readyState === 1) check(socket, true);
    });
  },
};

export const zombieReplaced: Check = {
  rule: 'the shard closes a half-open socket within two intervals',
  watch(world, complain) {
    const { clock, setting } = world;
    const { connectTimeoutMs, helloTimeoutMs } = DEFAULT_TIMING;
    const boundMs =
      Math.max(setting.heartbeatIntervalMs * 2, connectTimeoutMs + helloTimeoutMs) +
      FLUSH_READS_TIMEOUT_MS +
      ZOMBIE_TIMEOUT_MS;
    /** When a half-open socket received something last. A slow consumer may still read from its buffer. */
    const silentSince = new Map<SimSocket, number>();
    world.eventLog.on('shard.received', ({ socket }) => {
      if (silentSince.has(socket)) silentSince.set(socket, clock.now());
    });
    world.eventLog.on('socket.halfOpen', ({ socket }) => {
      silentSince.set(socket, clock.now());
      const check = (): void => {
        if (socket.readyState >= 2) return void silentSince.delete(socket);
        const now = clock.now();
        const from = silentSince.get(socket) ?? now;
        const allowedMs = boundMs + clock.latenessMs(from, now) * 4 + 10;
        if (now - from >= allowedMs)
          complain(`socket ${socket.id} has received nothing for ${now - from} ms; ${allowedMs} ms are allowed`);
        else clock.scheduleInWorld(check, from + allowedMs - now);
      };
      clock.scheduleInWorld(check, boundMs);
    });
  },
};

export const noWrongZombie: Check = {
  rule: 'a shard does not declare a zombie when all ACKs have arrived, read or not',
  watch({ clock, eventLog }, complain) {
    eventLog.on('emitted', ({ proc, name, args }) => {
      if (name !== 'stateChange' || (args[0] as { to: string }).to !== 'zombie') return;
      const socket = proc.sockets.at(-1);
      if (socket === undefined || socket.acksArrived < socket.heartbeatsSent) return;
      if (socket.lastAckArrivedAt < clock.now())
        complain(`socket ${socket.id} is no zombie: its last ACK came ${clock.now() - socket.lastAckArrivedAt} ms ago`);
    });
  },
};

export const sleepNoticed: Check = {
  rule: 'a heartbeat that came due while the machine slept is sent at once on waking, or the shard leaves the connection',
  watch({ clock, eventLog, setting }, complain) {
    const lastSentAt = new Map<SimSocket, number>();
    eventLog.on('shard.received', ({ socket, packet }) => {
      const { heartbeat_interval: interval } = (packet.op === 10 ? packet.d : {}) as { heartbeat_interval?: unknown };
      if (interval === setting.heartbeatIntervalMs) lastSentAt.set(socket, clock.now());
    });
    eventLog.on('shard.sent', ({ socket, packet }) => {
      if (packet.op === 1) lastSentAt.set(socket, clock.now());
    });
    eventLog.on('socket.closed', ({ socket }) => void lastSentAt.delete(socket));
    eventLog.on('process.asleep', ({ until }) => {
      const due = [...lastSentAt].filter(([, at]) => at + setting.heartbeatIntervalMs <= until);
      const allowedMs = COMPARED_WITHIN_MS + FLUSH_READS_TIMEOUT_MS + ZOMBIE_TIMEOUT_MS + 100;
      const check = (): void => {
        const now = clock.now();
        const latestAt = until + allowedMs + clock.latenessMs(until + 1, now) * 4;
        if (clock.isAsleep || now < latestAt) {
          clock.scheduleInWorld(check, Math.max(100, latestAt - now));
          return;
        }
        for (const [socket] of due) {
          const at = lastSentAt.get(socket);
          if (at === undefined || at >= until || socket.readyState !== 1 || socket.proc.isOver) continue;
          complain(`socket ${socket.id} sent no heartbeat for ${now - until} ms after the machine woke`);
        }
      };
      clock.scheduleInWorld(check, until + allowedMs - clock.now());
    });
  },
};
