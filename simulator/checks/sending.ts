/** Discord's limits, and IDENTIFY, which costs one of a day's session starts. */
import { DEFAULT_TIMING } from '../../machines/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
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
      if (spanMs < windowMs) complain(`${max + 1} frames within ${spanMs} ms on socket ${socket.id}`);
    });
  },
});

export const framesPerMinute = windowCheck(
  'never more than 120 frames in any 60 s of a connection',
  120,
  60_000,
  () => true,
);
export const presences = windowCheck(
  'never more than 5 presences in any 20 s of a connection',
  5,
  20_000,
  (op) => op === 3,
);

export const identifySpacing: Check = {
  rule: 'never two IDENTIFYs within 5 s on one key',
  watch(world, complain) {
    /** By process, and by key: one that was killed has told nobody. */
    const last = new WeakMap<SimulatedProcess, Map<number, number>>();
    world.eventLog.on('shard.sent', ({ socket: { proc, shardId }, packet }) => {
      if (packet.op !== 2 || shardId === null) return;
      const key = shardId % world.setting.maxConcurrency;
      const now = world.clock.now();
      const sent = last.get(proc) ?? new Map<number, number>();
      last.set(proc, sent);
      const gapMs = now - (sent.get(key) ?? -Infinity);
      if (gapMs < 5_000) complain(`two IDENTIFYs within ${gapMs} ms on key ${key}`);
      sent.set(key, now);
    });
  },
};

const DAY_MS = 86_400_000;

export const identifyBudget: Check = {
  rule: 'never an IDENTIFY when no session starts are left but those in reserve',
  watch(world, complain) {
    const { budget, manager, latencyMs, jitterMs } = world.setting;
    /** A period begins with a frame that was sent, and is counted from when it was heard. */
    const transitMs = latencyMs + jitterMs * 5 + 1;
    const reserve = manager?.reserve ?? 0;
    let { remaining } = budget;
    let resetAt = world.clock.now() + budget.resetAfterMs;
    world.eventLog.on('gateway.received', ({ text }) => {
      if ((JSON.parse(text) as Packet).op !== 2) return;
      const now = world.clock.now();
      if (now >= resetAt - transitMs) {
        remaining = budget.total;
        resetAt = now + DAY_MS;
      }
      remaining -= 1;
      if (remaining < reserve)
        complain(
          `an IDENTIFY ${resetAt - now} ms before session starts are given again; ${remaining} are left, ${reserve} in reserve`,
        );
    });
  },
};

/** With these, and with a refusal that is final, the session is gone. */
const SESSION_LOST = [4003, 4007, 4009, 4004, 4010, 4011, 4012, 4013, 4014];

export const identifyNeedless: Check = {
  rule: 'never an IDENTIFY while there is a session that can be resumed',
  watch(world, complain) {
    /** The session a life has, and how many RESUMEs have been sent since it was last ready. */
    const sessions = new Map<SimulatedProcess, { sessionId: string; resumes: number }>();
    const drop = (proc: SimulatedProcess): void => void sessions.delete(proc);
    /** Given up since the last handshake: a READY that is under way is of no use. */
    const givenUp = new Set<SimulatedProcess>();
    /** What READY began on these is over: one that comes in one piece with the end is told of after it. */
    const ended = new WeakSet<SimSocket>();
    const end = (socket: SimSocket): void => {
      ended.add(socket);
      drop(socket.proc);
    };
    world.eventLog.on('emitted', ({ proc, name, args }) => {
      const isOver = givenUp.has(proc) || ended.has(proc.sockets.at(-1)!);
      if (name === 'ready' && !isOver)
        sessions.set(proc, { sessionId: (args[0] as { session_id: string }).session_id, resumes: 0 });
      if (name === 'resumed') {
        const session = sessions.get(proc);
        if (session !== undefined) session.resumes = 0;
      }
      if (name === 'fault' && (args[0] as { code: string }).code === 'RESUMES_EXHAUSTED') {
        const { resumes } = sessions.get(proc) ?? { resumes: Infinity };
        if (resumes < DEFAULT_TIMING.maxResumeAttempts) complain(`a session was given up after ${resumes} RESUMEs`);
        drop(proc);
      }
    });
    world.eventLog.on('shard.received', ({ socket, packet }) => {
      if (packet.op === 9 && packet.d !== true) end(socket);
    });
    world.eventLog.on('socket.closed', ({ socket, code }) => {
      if (SESSION_LOST.includes(code)) end(socket);
    });
    world.eventLog.on('action', ({ proc, drops }) => {
      if (drops !== true) return;
      drop(proc);
      givenUp.add(proc);
    });
    world.eventLog.on('shard.sent', ({ socket: { proc }, packet }) => {
      if (packet.op !== 2 && packet.op !== 6) return;
      givenUp.delete(proc);
      const session = sessions.get(proc);
      if (session === undefined) return;
      if (packet.op === 6) session.resumes += 1;
      else complain(`IDENTIFY, but ${session.sessionId} could be resumed`);
    });
  },
};

export const identifyPatience: Check = {
  rule: 'an IDENTIFY that is not answered is waited for at least 5 min, and longer each time',
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
      if (wait === undefined) return complain('READY was given up that nobody asked for');
      const minMs = Math.min(DEFAULT_TIMING.readyPatienceMs * 2 ** wait.timeouts, 6 * 3_600_000);
      const waitedMs = world.clock.now() - wait.at;
      if (waitedMs < minMs - 1) complain(`READY was given up after ${waitedMs} ms instead of ${minMs}`);
      wait.timeouts += 1;
    });
  },
};
