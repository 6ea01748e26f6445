import { describe, expect, it } from 'vitest';
import { Ledger } from '../../src/cli/demo/ledger.ts';
import { summary } from '../../src/cli/demo/summary.ts';
import { Tally } from '../../src/cli/demo/tally.ts';
import { FAULTS } from '../../src/cli/demo/faults.ts';

const STATS = { identifies: 1, resumes: 0, heartbeats: 0, dispatched: 0, replayed: 0, violations: [] };
const NEVER = new AbortController().signal;

/** A ledger that has sent so many, and received these. */
function ledgerOf(sent: number, received: readonly number[]): Ledger {
  const ledger = new Ledger();
  for (let n = 0; n < sent; n += 1) ledger.issue();
  for (const serial of received) ledger.receive(serial);
  return ledger;
}

function tallyOf(ledger: Ledger, interrupted = false): Tally {
  const tally = new Tally(ledger, { stats: STATS, complaints: [] });
  tally.freeze(interrupted);
  return tally;
}

const plain = (tally: Tally): string => summary(tally, 7, (_style, text) => text).join('\n');

const figures = ({ sent, received, missing, outstanding, duplicates, outOfOrder, flaws }: Ledger) => ({
  sent, received, missing, outstanding, duplicates, outOfOrder, flaws,
});

const CLEAN = { sent: 4, received: 4, missing: 0, outstanding: 0, duplicates: 0, outOfOrder: 0, flaws: 0 };

describe('the ledger of dispatches', () => {
  it.each([
    ['finds nothing wrong when each came once and in order', [1, 2, 3, 4], CLEAN],
    ['finds what was skipped', [1, 4], { ...CLEAN, received: 2, missing: 2, flaws: 2 }],
    ['finds what came twice', [1, 2, 2, 3, 4, 1], { ...CLEAN, duplicates: 2, flaws: 2 }],
    ['finds what came late', [1, 3, 2, 4], { ...CLEAN, outOfOrder: 1, flaws: 1 }],
    ['knows what may still come', [1, 2], { ...CLEAN, received: 2, outstanding: 2 }],
  ])('%s', (_title, received, expected) => {
    expect(figures(ledgerOf(4, received))).toEqual(expected);
  });

  it('has caught up when the last sent so far has come, whatever is sent later', async () => {
    const ledger = ledgerOf(2, [1]);
    const caughtUp = ledger.caughtUp(60_000, NEVER);
    ledger.issue();
    ledger.receive(2);
    expect(await caughtUp).toBe(true);
  });

  it('has not caught up while something may still come', async () => {
    const controller = new AbortController();
    const caughtUp = ledgerOf(3, [1, 2]).caughtUp(60_000, controller.signal);
    controller.abort();
    expect(await caughtUp).toBe(false);
  });
});

describe('the tally of the demo', () => {
  it.each([
    ['is clean when each came once and in order', ledgerOf(3, [1, 2, 3]), 0, true],
    ['is not when one was skipped', ledgerOf(3, [1, 3]), 1, false],
    ['is not when the last never came', ledgerOf(3, [1, 2]), 1, false],
    ['is not when one came twice', ledgerOf(3, [1, 2, 2, 3]), 0, false],
    ['is not when one came late', ledgerOf(3, [1, 3, 2]), 0, false],
  ])('%s', (_title, ledger, lost, isClean) => {
    const tally = tallyOf(ledger);
    expect({ lost: tally.lost, isClean: tally.isClean }).toEqual({ lost, isClean });
  });

  it('counts what was on its way when interrupted as kept, but a gap as lost', () => {
    const tally = tallyOf(ledgerOf(5, [1, 3]), true);
    expect({ lost: tally.lost, kept: tally.kept, isClean: tally.isClean }).toEqual({ lost: 1, kept: 2, isClean: false });
  });

  it('is not clean when a shard came back another way than it must, or broke a rule', () => {
    const tally = tallyOf(new Ledger());
    const fault = FAULTS[0]!;
    tally.add({ fault, outcome: 'new session', noticedMs: 1, backMs: 1, replayed: 0, attempts: 1 }, 10);
    const breach = { what: 'twice', connection: 0, at: 0 };
    const closed = new Tally(new Ledger(), { stats: { ...STATS, violations: [{ code: 4005, ...breach }] }, complaints: [] });
    const judged = new Tally(new Ledger(), { stats: STATS, complaints: [{ rule: 'one-handshake', ...breach }] });
    expect([tally.isClean, closed.isClean, judged.isClean]).toEqual([false, false, false]);
  });

  it('says in the summary what is wrong, and the exit code', () => {
    expect(plain(tallyOf(ledgerOf(4, [1, 3, 3])))).toMatch(/2 lost, 1 received twice, 0 out of order[^]*Exit code 1/);
    expect(plain(tallyOf(ledgerOf(4, [1, 2]), true))).toMatch(/ 0 lost,[^]* 2 on their way when it was interrupted[^]*Exit code 0/);
  });
});
