/** Compares what a shard has delivered with what it has given to its store: a kill may repeat one second, and no more. */
import type { SimulatedProcess } from '../simulated-process.ts';
import type { Check } from './check.ts';
import { lastIndex, logPositionOf } from './delivery.ts';

const SAVE_INTERVAL_MS = 1_000;
/** A store that fails is tried again at the next dispatch. */
const RETRY_MS = 2_500;

interface Unwritten {
  readonly at: number;
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
}

export const storeFresh: Check = {
  rule: 'what was delivered more than a second ago has been given to the store, if the store works',
  watch(world, complain) {
    const { clock, conditions, gateway, eventLog } = world;
    const ledgers = new Map<SimulatedProcess, Ledger>();
    const ledgerOf = (proc: SimulatedProcess): Ledger => {
      const ledger = ledgers.get(proc) ?? new Ledger();
      ledgers.set(proc, ledger);
      return ledger;
    };
    const excuse = (ledger: Ledger, ms: number): void => {
      ledger.excusedUntil = Math.max(ledger.excusedUntil, clock.now() + ms);
    };
    eventLog.on('dispatched', ({ proc, dispatch }) => {
      const position = logPositionOf(dispatch);
      if (position === null) return;
      const ledger = ledgerOf(proc);
      const [sessionId, index] = position;
      if (ledger.unwritten[0]?.sessionId !== sessionId) ledger.unwritten = [];
      const oldest = ledger.unwritten[0];
      if (oldest !== undefined && ledger.openStreams === 0 && clock.now() >= ledger.excusedUntil) {
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
      const slowMs = conditions.get('slowStore');
      if (slowMs !== undefined) excuse(ledger, 2 * slowMs + RETRY_MS);
    });
    eventLog.on('store.failed', ({ proc, what }) =>
      excuse(ledgerOf(proc), what.endsWith('hangs') ? Number.POSITIVE_INFINITY : RETRY_MS),
    );
    eventLog.on('store.clearing', ({ proc }) => void (ledgerOf(proc).unwritten = []));
    eventLog.on('action', ({ proc }) => void (ledgerOf(proc).unwritten = []));
    eventLog.on('stream.opened', ({ proc }) => void (ledgerOf(proc).openStreams += 1));
    eventLog.on('stream.ended', ({ proc }) => {
      const ledger = ledgerOf(proc);
      ledger.openStreams -= 1;
      excuse(ledger, RETRY_MS);
    });
  },
};
