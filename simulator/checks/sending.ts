/** Checks Discord's rate limits, and that a shard sends IDENTIFY only when it must. */
import { DEFAULT_TIMING, MAX_UNANSWERED_RESUMES } from '../../machines/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import type { GatewayError } from '../../src/index.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { Check } from './check.ts';

const windowCheck = (rule: string, max: number, windowMs: number, counts: (op: number) => boolean): Check => ({
  rule,
  watch(world, complain) {
    const sent = new WeakMap<SimSocket, number[]>();
    world.eventLog.on('shard.sent', ({ socket, packet }) => {
      if (!counts(packet.op)) return;
      const times = sent.get(socket) ?? [];
      sent.set(socket, times);
      const now = world.clock.now();
      times.push(now);
      if (times.length <= max) return;
      const spanMs = now - times.shift()!;
      if (spanMs < windowMs) complain(`socket ${socket.id} sent ${max + 1} frames within ${spanMs} ms`);
    });
  },
});

export const framesPerMinute = windowCheck(
  'a connection carries at most 120 frames in any 60 s',
  120,
  60_000,
  () => true,
);
export const presences = windowCheck(
  'a connection carries at most 5 presences in any 20 s',
  5,
  20_000,
  (op) => op === 3,
);

export const identifySpacing: Check = {
  rule: 'two IDENTIFYs of one max_concurrency key are at least 5 s apart',
  watch(world, complain) {
    /** By process and key: a killed process can't pass the time of its last IDENTIFY on. */
    const last = new WeakMap<SimulatedProcess, Map<number, number>>();
    world.eventLog.on('shard.sent', ({ socket: { proc, shardId }, packet }) => {
      if (packet.op !== 2 || shardId === null) return;
      const key = shardId % world.setting.maxConcurrency;
      const now = world.clock.now();
      const sent = last.get(proc) ?? new Map<number, number>();
      last.set(proc, sent);
      const gapMs = now - (sent.get(key) ?? -Infinity);
      if (gapMs < 5_000) complain(`two IDENTIFYs of key ${key} were ${gapMs} ms apart`);
      sent.set(key, now);
    });
  },
};

const DAY_MS = 86_400_000;

export const identifyBudget: Check = {
  rule: 'no shard identifies when only the reserved session starts are left',
  watch(world, complain) {
    const { budget, manager, latencyMs, jitterMs } = world.setting;
    /** A budget period begins when a frame is sent, but the gateway counts from its arrival. */
    const transitMs = latencyMs + jitterMs * 5 + 1;
    const reserve = manager?.reserve ?? 0;
    let { remaining } = budget;
    let resetAt = world.clock.now() + budget.resetAfterMs;
    /** Whether two managers have used the starts of this period. Neither knows of those of the other. */
    let isShared = false;
    world.eventLog.on('process.deployed', () => (isShared = world.bot !== null));
    world.eventLog.on('gateway.received', ({ text }) => {
      if ((JSON.parse(text) as Packet).op !== 2) return;
      const now = world.clock.now();
      if (now >= resetAt - transitMs) {
        remaining = budget.total;
        resetAt = now + DAY_MS;
        isShared = world.bot?.isOverlapping === true;
      }
      remaining -= 1;
      if (remaining < reserve && !isShared)
        complain(
          `an IDENTIFY came ${resetAt - now} ms before the budget is full again; ${remaining} starts are left, ${reserve} are reserved`,
        );
    });
  },
};

/** The close codes that end a session, fatal codes included. */
const SESSION_LOST = [4003, 4007, 4009, 4004, 4010, 4011, 4012, 4013, 4014];

export const identifyNeedless: Check = {
  rule: 'no shard identifies while it has a session that it can resume',
  watch(world, complain) {
    /** The session of each process, and the RESUMEs since the shard was last ready: all, and the last that met silence. */
    const sessions = new Map<SimulatedProcess, { sessionId: string; resumes: number; silent: number }>();
    const drop = (proc: SimulatedProcess): void => void sessions.delete(proc);
    /** Processes whose user has discarded the session since the last handshake. A READY on the way does not count. */
    const discarded = new Set<SimulatedProcess>();
    /** Sockets whose session has ended. A READY that arrives together with the end is emitted after it. */
    const ended = new WeakSet<SimSocket>();
    /** Sockets that the shard has given up. It hears nothing of what arrives there, such as after a long pause. */
    const closing = new WeakSet<SimSocket>();
    const end = (socket: SimSocket): void => {
      ended.add(socket);
      drop(socket.proc);
    };
    world.eventLog.on('emitted', ({ proc, name, args }) => {
      const isOver = discarded.has(proc) || ended.has(proc.sockets.at(-1)!);
      if (name === 'ready' && !isOver)
        sessions.set(proc, { sessionId: (args[0] as { session_id: string }).session_id, resumes: 0, silent: 0 });
      if (name === 'resumed') {
        const session = sessions.get(proc);
        if (session !== undefined) session.resumes = 0;
      }
      const { code, message } = (name === 'fault' ? args[0] : {}) as Partial<GatewayError>;
      // How many of these are too many is the rule of another check.
      const isUnreadable = message?.startsWith('messages that could not be read') === true;
      if (code === 'RESUMES_EXHAUSTED' && isUnreadable) drop(proc);
      else if (code === 'RESUMES_EXHAUSTED') {
        const { resumes, silent } = sessions.get(proc) ?? { resumes: Infinity, silent: 0 };
        if (resumes < DEFAULT_TIMING.maxResumeAttempts && silent < MAX_UNANSWERED_RESUMES)
          complain(`the shard gave up a session after ${resumes} RESUMEs`);
        drop(proc);
      }
    });
    // The other process may have ended it.
    world.eventLog.on('process.returned', ({ proc }) => drop(proc));
    world.eventLog.on('shard.received', ({ socket, packet }) => {
      if (packet.op === 9 && packet.d !== true) end(socket);
      const session = sessions.get(socket.proc);
      if (packet.op === 0 && session !== undefined && !closing.has(socket)) session.silent = 0;
    });
    world.eventLog.on('shard.closing', ({ socket }) => void closing.add(socket));
    world.eventLog.on('socket.closed', ({ socket, code }) => {
      if (SESSION_LOST.includes(code)) end(socket);
    });
    world.eventLog.on('action', ({ proc, drops }) => {
      if (drops !== true) return;
      drop(proc);
      discarded.add(proc);
    });
    world.eventLog.on('shard.sent', ({ socket: { proc }, packet }) => {
      if (packet.op !== 2 && packet.op !== 6) return;
      discarded.delete(proc);
      const session = sessions.get(proc);
      if (session === undefined) return;
      if (packet.op === 6) {
        session.resumes += 1;
        session.silent += 1;
      } else complain(`the shard sent IDENTIFY, but it could resume ${session.sessionId}`);
    });
  },
};

export const identifyPatience: Check = {
  rule: 'a shard waits at least 5 min for READY, and longer each time',
  watch(world, complain) {
    const waits = new Map<SimulatedProcess, { at: number; timeouts: number }>();
    const restart = (proc: SimulatedProcess): void => void waits.set(proc, { at: -Infinity, timeouts: 0 });
    world.eventLog.on('action', ({ proc }) => restart(proc));
    world.eventLog.on('shard.sent', ({ socket: { proc }, packet }) => {
      if (packet.op === 2) waits.set(proc, { at: world.clock.now(), timeouts: waits.get(proc)?.timeouts ?? 0 });
    });
    world.eventLog.on('emitted', ({ proc, name, args }) => {
      if (name === 'ready' || name === 'resumed') restart(proc);
      if (name !== 'fault' || (args[0] as { code: string }).code !== 'READY_TIMEOUT') return;
      const wait = waits.get(proc);
      if (wait === undefined) return complain('the shard gave up waiting for READY without an IDENTIFY');
      const minMs = Math.min(DEFAULT_TIMING.readyPatienceMs * 2 ** wait.timeouts, 6 * 3_600_000);
      const waitedMs = world.clock.now() - wait.at;
      if (waitedMs < minMs - 1) complain(`the shard waited ${waitedMs} ms for READY instead of ${minMs} ms`);
      wait.timeouts += 1;
    });
  },
};
