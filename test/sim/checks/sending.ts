/** Discord's limits, and IDENTIFY, which costs one of a day's session starts. */
import { DEFAULT_TIMING } from '../../../machines/index.ts';
import type { Packet } from '../../../src/protocol/packets.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { User } from '../user.ts';
import type { Check } from './check.ts';

const windowCheck = (rule: string, most: number, windowMs: number, counts: (op: number) => boolean): Check => ({
  rule,
  watch(world, complain) {
    const sent = new WeakMap<SimSocket, number[]>();
    world.chronicle.on('shard.sent', ({ socket, packet }) => {
      if (!counts(packet.op)) return;
      const times = sent.get(socket) ?? [];
      sent.set(socket, times);
      const now = world.clock.now();
      times.push(now);
      if (times.length <= most) return;
      const spanMs = now - times.shift()!;
      if (spanMs < windowMs) complain(`${most + 1} frames within ${spanMs} ms on socket ${socket.id}`);
    });
  },
});

export const framesPerMinute = windowCheck('never more than 120 frames in any 60 s of a connection', 120, 60_000, () => true);
export const presences = windowCheck('never more than 5 presences in any 20 s of a connection', 5, 20_000, (op) => op === 3);

export const identifySpacing: Check = {
  rule: 'never two IDENTIFYs within 5 s on one key',
  watch(world, complain) {
    /** By process, and by key: one that was killed has told nobody. */
    const last = new WeakMap<User, Map<number, number>>();
    world.chronicle.on('shard.sent', ({ socket: { life, shardId }, packet }) => {
      if (packet.op !== 2 || shardId === null) return;
      const key = shardId % world.setting.maxConcurrency;
      const now = world.clock.now();
      const sent = last.get(life) ?? new Map<number, number>();
      last.set(life, sent);
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
    const { budget, fleet, latencyMs, jitterMs } = world.setting;
    /** A period begins with a frame that was sent, and is counted from when it was heard. */
    const wayMs = latencyMs + jitterMs * 5 + 1;
    const reserve = fleet?.reserve ?? 0;
    let { remaining } = budget;
    let resetAt = world.clock.now() + budget.resetAfterMs;
    world.chronicle.on('gateway.heard', ({ text }) => {
      if ((JSON.parse(text) as Packet).op !== 2) return;
      const now = world.clock.now();
      if (now >= resetAt - wayMs) {
        remaining = budget.total;
        resetAt = now + DAY_MS;
      }
      remaining -= 1;
      if (remaining < reserve) complain(`an IDENTIFY ${resetAt - now} ms before session starts are given again; ${remaining} are left, ${reserve} in reserve`);
    });
  },
};

/** With these, and with a refusal that is final, the session is gone. */
const SESSION_LOST = [4003, 4007, 4009, 4004, 4010, 4011, 4012, 4013, 4014];

export const identifyNeedless: Check = {
  rule: 'never an IDENTIFY while there is a session that can be resumed',
  watch(world, complain) {
    /** The session a life has, and how many RESUMEs have been sent since it was last ready. */
    const held = new Map<User, { sessionId: string; resumes: number }>();
    const drop = (life: User): void => void held.delete(life);
    /** Given up since the last handshake: a READY that is under way is of no use. */
    const givenUp = new Set<User>();
    /** What READY began on these is over: one that comes in one piece with the end is told of after it. */
    const ended = new WeakSet<SimSocket>();
    const end = (socket: SimSocket): void => {
      ended.add(socket);
      drop(socket.life);
    };
    world.chronicle.on('told', ({ life, name, args }) => {
      const isOver = givenUp.has(life) || ended.has(life.sockets.at(-1)!);
      if (name === 'ready' && !isOver) held.set(life, { sessionId: (args[0] as { session_id: string }).session_id, resumes: 0 });
      if (name === 'resumed') {
        const session = held.get(life);
        if (session !== undefined) session.resumes = 0;
      }
      if (name === 'fault' && (args[0] as { code: string }).code === 'RESUMES_EXHAUSTED') {
        const { resumes } = held.get(life) ?? { resumes: Infinity };
        if (resumes < DEFAULT_TIMING.maxResumeAttempts) complain(`a session was given up after ${resumes} RESUMEs`);
        drop(life);
      }
    });
    world.chronicle.on('shard.heard', ({ socket, packet }) => {
      if (packet.op === 9 && packet.d !== true) end(socket);
    });
    world.chronicle.on('socket.closed', ({ socket, code }) => {
      if (SESSION_LOST.includes(code)) end(socket);
    });
    world.chronicle.on('deed', ({ life, drops }) => {
      if (drops !== true) return;
      drop(life);
      givenUp.add(life);
    });
    world.chronicle.on('shard.sent', ({ socket: { life }, packet }) => {
      if (packet.op !== 2 && packet.op !== 6) return;
      givenUp.delete(life);
      const session = held.get(life);
      if (session === undefined) return;
      if (packet.op === 6) session.resumes += 1;
      else complain(`IDENTIFY, but ${session.sessionId} could be resumed`);
    });
  },
};

export const identifyPatience: Check = {
  rule: 'an IDENTIFY that is not answered is waited for at least 5 min, and longer each time',
  watch(world, complain) {
    const waits = new Map<User, { at: number; timeouts: number }>();
    const begin = (life: User): void => void waits.set(life, { at: -Infinity, timeouts: 0 });
    world.chronicle.on('deed', ({ life }) => begin(life));
    world.chronicle.on('shard.sent', ({ socket: { life }, packet }) => {
      if (packet.op === 2) waits.set(life, { at: world.clock.now(), timeouts: waits.get(life)?.timeouts ?? 0 });
    });
    world.chronicle.on('told', ({ life, name, args }) => {
      if (name === 'ready' || name === 'resumed') begin(life);
      if (name !== 'fault' || (args[0] as { code: string }).code !== 'READY_TIMEOUT') return;
      const wait = waits.get(life);
      if (wait === undefined) return complain('READY was given up that nobody asked for');
      const leastMs = Math.min(DEFAULT_TIMING.readyPatienceMs * 2 ** wait.timeouts, 6 * 3_600_000);
      const waitedMs = world.clock.now() - wait.at;
      if (waitedMs < leastMs - 1) complain(`READY was given up after ${waitedMs} ms instead of ${leastMs}`);
      wait.timeouts += 1;
    });
  },
};
