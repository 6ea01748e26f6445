/**
 * Compares what a shard has delivered with what it has given to its store: a kill may repeat one second, and no more.
 * Counts the writes of a store that is slow.
 */
import { DEFAULT_TIMING } from '../../machines/index.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { Check } from './check.ts';
import { lastIndex, logPositionOf } from './delivery.ts';

const { connectTimeoutMs } = DEFAULT_TIMING;
const SAVE_INTERVAL_MS = 1_000;
/** After a stream has ended, the ledger looks again when its timer runs. */
const STREAM_MS = 2_500;

/** A claim counts as a write, because every write waits for it. */
const isWrite = (what: string): boolean => what !== 'load';

interface Unwritten {
  at: number;
  readonly sessionId: string;
  readonly index: number;
}

class Ledger {
  /** What was delivered and is not in the store, from the oldest. */
  unwritten: Unwritten[] = [];
  /** What the store has, by session: a listener may store a session before the other listeners are called. */
  readonly written = new Map<string, number>();
  excusedUntil = 0;
  openStreams = 0;
  /** When each write began that the store has not answered. The next one waits for them, up to a time limit. */
  readonly openWrites = new Map<number, number>();
  /** Whether another process has the session, so that the store takes nothing of this one. */
  isRefused = false;
  /** A store that failed is tried again a second after the next dispatch. */
  hasFailed = false;
}

export const storeFresh: Check = {
  rule: 'what was delivered more than a second ago has been given to the store, if the store works',
  watch(world, complain) {
    const { clock, gateway, eventLog } = world;
    const ledgers = new Map<SimulatedProcess, Ledger>();
    const ledgerOf = (proc: SimulatedProcess): Ledger => {
      const ledger = ledgers.get(proc) ?? new Ledger();
      ledgers.set(proc, ledger);
      return ledger;
    };
    eventLog.on('dispatched', ({ proc, dispatch }) => {
      const position = logPositionOf(dispatch);
      if (position === null) return;
      const ledger = ledgerOf(proc);
      const [sessionId, index] = position;
      if (ledger.unwritten[0]?.sessionId !== sessionId) ledger.unwritten = [];
      for (const [id, at] of ledger.openWrites) {
        if (clock.now() - at <= connectTimeoutMs + clock.latenessMs(at, clock.now())) continue;
        ledger.openWrites.delete(id);
        ledger.hasFailed = true;
      }
      if (ledger.hasFailed) for (const entry of ledger.unwritten) entry.at = clock.now();
      ledger.hasFailed = false;
      const oldest = ledger.unwritten[0];
      const isExcused =
        ledger.isRefused || ledger.openStreams > 0 || ledger.openWrites.size > 0 || clock.now() < ledger.excusedUntil;
      if (oldest !== undefined && !isExcused) {
        const ageMs = clock.now() - oldest.at;
        if (ageMs > SAVE_INTERVAL_MS + clock.latenessMs(oldest.at, clock.now()))
          complain(`number ${oldest.index} of ${sessionId} was delivered ${ageMs} ms ago and is not in the store`);
      }
      if (index > (ledger.written.get(sessionId) ?? -1)) ledger.unwritten.push({ at: clock.now(), sessionId, index });
    });
    eventLog.on('store.saving', ({ proc, session: { sessionId, sequence } }) => {
      const ledger = ledgerOf(proc);
      if (!gateway.sessions.has(sessionId)) return;
      const index = lastIndex(world, sessionId, sequence);
      ledger.written.set(sessionId, index);
      ledger.unwritten = ledger.unwritten.filter((entry) => entry.sessionId === sessionId && entry.index > index);
    });
    eventLog.on('store.began', ({ proc, what, id }) => {
      if (isWrite(what)) ledgerOf(proc).openWrites.set(id, clock.now());
    });
    eventLog.on('store.ended', ({ proc, id }) => void ledgerOf(proc).openWrites.delete(id));
    eventLog.on('store.refused', ({ proc, what }) => {
      if (what !== 'late write') ledgerOf(proc).isRefused = true;
    });
    eventLog.on('store.claimed', ({ proc }) => {
      const ledger = ledgerOf(proc);
      ledger.isRefused = false;
      ledger.hasFailed = true;
    });
    eventLog.on('store.failed', ({ proc }) => void (ledgerOf(proc).hasFailed = true));
    eventLog.on('store.clearing', ({ proc }) => void (ledgerOf(proc).unwritten = []));
    eventLog.on('action', ({ proc }) => void (ledgerOf(proc).unwritten = []));
    eventLog.on('stream.opened', ({ proc }) => void (ledgerOf(proc).openStreams += 1));
    eventLog.on('stream.ended', ({ proc }) => {
      const ledger = ledgerOf(proc);
      ledger.openStreams -= 1;
      ledger.excusedUntil = clock.now() + STREAM_MS;
    });
  },
};

export const storeWritesBounded: Check = {
  rule: 'a store that answers after the time limit has only few writes of a shard under way',
  watch({ clock, conditions, eventLog }, complain) {
    const open = new Map<SimulatedProcess, Map<number, Set<number>>>();
    /** When the user called the process. Each stop lets go of the write under way, and writes once more. */
    const calledAt = new Map<SimulatedProcess, number[]>();
    let slowestMs = 0;
    const isRecent = (at: number): boolean => clock.now() - at <= slowestMs;
    eventLog.on('action', ({ proc, name }) => {
      if (name === 'disconnect' || name === 'forceClose')
        calledAt.set(proc, [...(calledAt.get(proc) ?? []).filter(isRecent), clock.now()]);
    });
    eventLog.on('store.began', ({ proc, what, shardId, id }) => {
      // A call that hangs never ends.
      if (!['save', 'clear'].includes(what) || conditions.get('storeHangs') === true) return;
      slowestMs = Math.max(slowestMs, conditions.get('slowStore') ?? 0);
      const byShard = open.get(proc) ?? new Map<number, Set<number>>();
      const calls = byShard.get(shardId) ?? new Set();
      open.set(proc, byShard.set(shardId, calls.add(id)));
      // One write, and a repetition of it, follow one another after the time limit at the earliest.
      const max = 2 * (Math.ceil(slowestMs / connectTimeoutMs) + 1);
      if (calls.size > max + (calledAt.get(proc) ?? []).filter(isRecent).length)
        complain(`${calls.size} writes of shard ${shardId} are under way, at ${slowestMs} ms each`);
    });
    eventLog.on('store.ended', ({ proc, shardId, id }) => void open.get(proc)?.get(shardId)?.delete(id));
  },
};
