/** Checks what a shard does with messages that no gateway should send. */
import { DEFAULT_TIMING } from '../../machines/index.ts';
import type { GatewayError, ShardEvents } from '../../src/index.ts';
import type { LoggedDispatch } from '../gateway-session.ts';
import type { ShardProcess } from '../shard-process.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { World } from '../world.ts';
import { dataOf, sharedTracker } from './check.ts';
import type { Check } from './check.ts';

/** A dispatch that can't be read ends this many connections. The next time it is skipped. */
const MAX_FAILURES = 3;

const loggedAt = ({ gateway }: World, sessionId: string, sequence: number): LoggedDispatch | undefined => {
  const session = gateway.sessions.get(sessionId);
  const logged = session?.log[session.indexAfter(sequence - 1)];
  return logged?.s === sequence ? logged : undefined;
};

interface Unread {
  /** The dispatches without readable data that the process has received on its connection. */
  readonly suspects: Set<string>;
  /** Whether the user has set a session since it came: a listener may do so before the fault is emitted. */
  isForgotten: boolean;
  /** How many connections each of them has ended since the user did something. */
  readonly endings: Map<string, number>;
  /** How many connections other messages have ended in a row, none of them stable. */
  inARow: number;
  readyAt: number;
}

const trackUnread = sharedTracker((world, complain): ReadonlyMap<SimulatedProcess, Unread> => {
  const { clock, eventLog } = world;
  const unreadOf = new Map<SimulatedProcess, Unread>();
  const entryOf = (proc: SimulatedProcess): Unread => {
    const unread = unreadOf.get(proc) ?? {
      suspects: new Set(),
      isForgotten: false,
      endings: new Map(),
      inARow: 0,
      readyAt: Infinity,
    };
    unreadOf.set(proc, unread);
    return unread;
  };
  /** The sequence of the last RESUME. */
  const replayFrom = new Map<SimulatedProcess, number>();
  eventLog.on('shard.sent', ({ socket: { proc }, packet: { op, d } }) => {
    if (op === 6) replayFrom.set(proc, (d as { seq: number }).seq);
    if (op === 2) replayFrom.delete(proc);
  });
  eventLog.on('socket.created', ({ socket: { proc } }) => entryOf(proc).suspects.clear());
  eventLog.on('shard.received', ({ socket: { proc, readyState, connection }, packet: { op, d, s } }) => {
    if (op !== 0 || d !== null || typeof s !== 'number' || readyState !== 1) return;
    const sessionId = connection?.session?.id ?? '';
    const poison = loggedAt(world, sessionId, s)?.poison;
    // A replay that repeats a skipped dispatch whose end can't be found begins its count again.
    const repeated = replayFrom.get(proc);
    if (poison !== undefined && repeated !== undefined && s <= repeated && !poison.endsWith('}}'))
      entryOf(proc).endings.delete(`${sessionId}:${s}`);
    if (poison === undefined) return;
    entryOf(proc).suspects.add(`${sessionId}:${s}`);
    entryOf(proc).isForgotten = false;
  });
  eventLog.on('action', ({ proc, session }) => {
    const unread = entryOf(proc);
    unread.endings.clear();
    unread.isForgotten ||= session !== undefined;
    unread.inARow = 0;
  });
  const onFault: Readonly<Record<string, (proc: ShardProcess, error: GatewayError) => void>> = {
    DECODE_FAILED(proc, { message }) {
      const unread = entryOf(proc);
      const { isForgotten, endings } = unread;
      const [suspect, ...others] = unread.suspects;
      unread.suspects.clear();
      // A stream that can't be inflated says nothing of the dispatches before.
      if (suspect === undefined || message.includes('could not be inflated')) {
        unread.inARow += 1;
        return;
      }
      // With several in one replay, only the shard knows which one it could not read.
      if (isForgotten || others.length > 0) return;
      const count = (endings.get(suspect) ?? 0) + 1;
      endings.set(suspect, count);
      if (count > MAX_FAILURES) complain(`${suspect} can not be read, and has ended ${count} connections`);
    },
    DISPATCH_SKIPPED(proc, { message }) {
      const sequence = Number(/sequence (\d+)/.exec(message)?.[1]);
      const sessionId = proc.shard.session?.sessionId ?? '';
      entryOf(proc).endings.delete(`${sessionId}:${sequence}`);
      const logged = loggedAt(world, sessionId, sequence);
      if (logged !== undefined && logged.poison === undefined)
        complain(`${logged.t} ${sessionId}:${sequence} was skipped, and it can be read`);
    },
  };
  eventLog.on('emitted', ({ proc, name, args }) => {
    if (name === 'fault') return onFault[(args[0] as GatewayError).code]?.(proc, args[0] as GatewayError);
    if (name === 'ready') entryOf(proc).inARow = 0;
    // The connection has got over it.
    if (name === 'resumed') entryOf(proc).suspects.clear();
    if (name !== 'stateChange') return;
    const { from, to } = args[0] as ShardEvents['stateChange'][0];
    const unread = entryOf(proc);
    if (from === 'ready' && clock.now() - unread.readyAt >= DEFAULT_TIMING.stableAfterMs) unread.inARow = 0;
    unread.readyAt = to === 'ready' ? clock.now() : Infinity;
  });
  return unreadOf;
});

export const poisonSkipped: Check = {
  rule: 'a dispatch that can not be read ends at most three connections, and no other dispatch is skipped',
  watch: (world, complain) => void trackUnread(world, complain),
};

export const unreadableBounded: Check = {
  rule: 'no session is resumed after messages without a sequence have ended five connections in a row',
  watch(world, complain) {
    const unreadOf = trackUnread(world);
    world.eventLog.on('shard.sent', ({ socket: { proc }, packet }) => {
      const { inARow = 0 } = unreadOf.get(proc) ?? {};
      if (packet.op === 6 && inARow > DEFAULT_TIMING.maxResumeAttempts)
        complain(`a session was resumed after ${inARow} connections that a message without a sequence ended`);
    });
  },
};

export const oddDelivered: Check = {
  rule: 'a dispatch whose s is no sequence is delivered, and a repeated s is dropped only between RESUME and RESUMED',
  watch(world, complain) {
    const { eventLog } = world;
    const replaying = new WeakSet<SimSocket>();
    const delivered = new Map<unknown, number>();
    const onDelivered = ({ dispatch }: { dispatch: { readonly d?: unknown; readonly t: string } }): void => {
      if (dispatch.t !== 'ODD') return;
      const id = (dataOf(dispatch) as { odd: number }).odd;
      delivered.set(id, (delivered.get(id) ?? 0) + 1);
    };
    eventLog.on('dispatched', onDelivered);
    eventLog.on('shard.sent', ({ socket, packet: { op } }) => {
      if (op === 6) replaying.add(socket);
    });
    eventLog.on('shard.received', ({ socket, packet: { t, s, d } }) => {
      if (t === 'RESUMED' || t === 'READY') replaying.delete(socket);
      if (t !== 'ODD' || socket.readyState !== 1 || socket.proc.isOver) return;
      const { odd } = d as { odd: number };
      const expected = replaying.has(socket) && Number.isSafeInteger(s) && s! >= 0 ? 0 : 1;
      // The shard receives it in this turn.
      process.nextTick(() => {
        const count = delivered.get(odd) ?? 0;
        // Messages before it in the same piece may have made the shard leave, and no replay has it.
        if (count < expected && socket.readyState !== 1) return;
        if (count !== expected)
          complain(`a dispatch with s ${JSON.stringify(s)} was delivered ${count} times, on socket ${socket.id}`);
      });
    });
  },
};
