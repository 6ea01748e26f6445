/** When the session of a shard is written. On virtual time. */
import { describe, expect, test } from 'vitest';
import type { GatewayError } from '../../src/protocol/errors.ts';
import { SessionLedger } from '../../src/session/session-ledger.ts';
import type { Session } from '../../src/session/session.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { aSession } from '../kit/session-store-conformance.ts';

function createRig(loaded: Session | null = null) {
  const clock = new VirtualClock();
  const startedAt = clock.now();
  const writes: [at: number, what: number | 'clear'][] = [];
  const faults: GatewayError[] = [];
  const state = { session: loaded, hasPending: false, fails: false };
  const write = async (what: number | 'clear'): Promise<void> => {
    writes.push([clock.now() - startedAt, what]);
    if (state.fails) throw new Error('disk full');
  };
  const ledger = new SessionLedger({
    clock,
    store: { load: async () => loaded, save: ({ sequence }) => write(sequence), clear: () => write('clear') },
    report: (error) => void faults.push(error),
    source: { sessionForStore: () => state.session, hasPending: () => state.hasPending },
  });
  const deliver = (sequence: number): void => {
    state.session = aSession({ sequence });
    ledger.advance();
  };
  return { clock, writes, faults, state, ledger, deliver };
}

describe('SessionLedger', () => {
  test('writes a new session at once, and a known one within a second', async () => {
    const { clock, writes, state, ledger } = createRig();
    for (const sequence of [1, 2, 3]) {
      state.session = aSession({ sequence });
      ledger.save();
      await clock.advanceAsync(100);
    }
    state.session = aSession({ sequence: 1, sessionId: 'next' });
    ledger.save();
    await clock.advanceAsync(5_000);
    expect(writes).toEqual([
      [0, 1],
      [300, 1],
    ]);
  });

  test('writes a session that was cleared while the store was asked for it, and that begins once more', async () => {
    const { writes, state, ledger } = createRig(aSession({ sequence: 5 }));
    const loaded = ledger.load(0);
    ledger.clear(0);
    await loaded;
    expect(ledger.stored).toBeNull();
    state.session = aSession({ sequence: 5 });
    ledger.saveNow();
    await ledger.flushed();
    expect(writes.map(([, what]) => what)).toEqual(['clear', 5]);
  });

  test('writes a sequence that advances all the time once a second', async () => {
    const { clock, writes, deliver } = createRig(aSession());
    for (let sequence = 1; sequence <= 35; sequence += 1) {
      deliver(sequence);
      await clock.advanceAsync(100);
    }
    expect(writes).toEqual([
      [1_000, 10],
      [2_000, 20],
      [3_000, 30],
    ]);
  });

  test('does not write what the store returned, or what it has been given', async () => {
    const { clock, writes, ledger } = createRig(aSession());
    await ledger.load(0);
    ledger.save();
    ledger.saveNow();
    ledger.advance();
    await clock.advanceAsync(5_000);
    expect(writes).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('writes a session whose sequence is that of the last write only if another field has changed', async () => {
    const user = { id: '1', name: 'a' };
    const { clock, writes, state, ledger } = createRig(aSession({ sequence: 7, user }));
    await ledger.load(0);
    const writesAfter = async (session: Session): Promise<number> => {
      const before = writes.length;
      state.session = session;
      ledger.save();
      await clock.advanceAsync(1_000);
      return writes.length - before;
    };
    expect(await writesAfter(aSession({ sequence: 7, user: { ...user } }))).toBe(0);
    expect(await writesAfter(aSession({ sequence: 7, user: { ...user, name: 'b' } }))).toBe(1);
    expect(await writesAfter(aSession({ sequence: 7 }))).toBe(1);
    expect(await writesAfter(aSession({ sequence: 7, presence: 'digest' }))).toBe(1);
    expect(await writesAfter(aSession({ sequence: 7, presence: 'digest' }))).toBe(0);
  });

  test('looks again every second while a stream holds dispatches', async () => {
    const { clock, writes, state, deliver } = createRig(aSession());
    state.hasPending = true;
    deliver(5);
    await clock.advanceAsync(3_000);
    state.session = aSession({ sequence: 9 });
    state.hasPending = false;
    await clock.advanceAsync(5_000);
    expect(writes).toEqual([
      [1_000, 5],
      [4_000, 9],
    ]);
    expect(clock.pending).toBe(0);
  });

  test('writes a last time when it is stopped, and sets no timer until it is started', async () => {
    const { clock, writes, deliver, ledger } = createRig(aSession());
    deliver(5);
    ledger.stop();
    deliver(6);
    expect(clock.pending).toBe(0);
    await ledger.flushed();
    ledger.start();
    deliver(7);
    await clock.advanceAsync(1_000);
    expect(writes.map(([, sequence]) => sequence)).toEqual([5, 6, 7]);
  });

  test('writes again what the store failed to write, and reports a lasting failure once', async () => {
    const { clock, writes, faults, state, deliver, ledger } = createRig(aSession());
    state.fails = true;
    for (const sequence of [1, 2, 3]) {
      deliver(sequence);
      await clock.advanceAsync(1_000);
    }
    state.fails = false;
    ledger.save();
    await clock.advanceAsync(1_000);
    state.fails = true;
    deliver(4);
    await clock.advanceAsync(1_000);
    expect(writes.map(([, sequence]) => sequence)).toEqual([1, 2, 3, 3, 4]);
    expect(faults.map(({ code }) => code)).toEqual(['SESSION_STORE_FAILED', 'SESSION_STORE_FAILED']);
  });

  test('writes nothing after clear()', async () => {
    const { clock, writes, state, deliver, ledger } = createRig(aSession());
    deliver(5);
    state.session = null;
    ledger.clear(0);
    await clock.advanceAsync(5_000);
    expect(writes).toEqual([[0, 'clear']]);
  });
});
