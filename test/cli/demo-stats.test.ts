import { describe, expect, it } from 'vitest';
import { DeliveryCounter } from '../../src/cli/demo/delivery-counter.ts';
import { summary } from '../../src/cli/demo/summary.ts';
import { DemoStats } from '../../src/cli/demo/demo-stats.ts';
import { FAULTS } from '../../src/cli/demo/faults.ts';

const STATS = { identifies: 1, resumes: 0, heartbeats: 0, dispatched: 0, replayed: 0, violations: [] };
const NEVER = new AbortController().signal;

/** A ledger that has sent so many, and received these. */
function counterOf(sent: number, received: readonly number[]): DeliveryCounter {
  const counter = new DeliveryCounter();
  for (let n = 0; n < sent; n += 1) counter.nextSerial();
  for (const serial of received) counter.receive(serial);
  return counter;
}

function statsOf(counter: DeliveryCounter, interrupted = false): DemoStats {
  const stats = new DemoStats(counter, { stats: STATS, complaints: [] });
  stats.freeze(interrupted);
  return stats;
}

const summaryText = (stats: DemoStats): string => summary(stats, 7, (_style, text) => text).join('\n');

const figures = ({ sent, received, missing, outstanding, duplicates, outOfOrder, flaws }: DeliveryCounter) => ({
  sent,
  received,
  missing,
  outstanding,
  duplicates,
  outOfOrder,
  flaws,
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
    expect(figures(counterOf(4, received))).toEqual(expected);
  });

  it('has caught up when the last sent so far has come, whatever is sent later', async () => {
    const counter = counterOf(2, [1]);
    const delivered = counter.waitUntilDelivered(60_000, NEVER);
    counter.nextSerial();
    counter.receive(2);
    expect(await delivered).toBe(true);
  });

  it('has not caught up while something may still come', async () => {
    const controller = new AbortController();
    const delivered = counterOf(3, [1, 2]).waitUntilDelivered(60_000, controller.signal);
    controller.abort();
    expect(await delivered).toBe(false);
  });
});

describe('the tally of the demo', () => {
  it.each([
    ['is clean when each came once and in order', counterOf(3, [1, 2, 3]), 0, true],
    ['is not when one was skipped', counterOf(3, [1, 3]), 1, false],
    ['is not when the last never came', counterOf(3, [1, 2]), 1, false],
    ['is not when one came twice', counterOf(3, [1, 2, 2, 3]), 0, false],
    ['is not when one came late', counterOf(3, [1, 3, 2]), 0, false],
  ])('%s', (_title, counter, lost, isClean) => {
    const stats = statsOf(counter);
    expect({ lost: stats.lost, isClean: stats.isClean }).toEqual({ lost, isClean });
  });

  it('counts what was on its way when interrupted as kept, but a gap as lost', () => {
    const stats = statsOf(counterOf(5, [1, 3]), true);
    expect({ lost: stats.lost, kept: stats.kept, isClean: stats.isClean }).toEqual({
      lost: 1,
      kept: 2,
      isClean: false,
    });
  });

  it('is not clean when a shard came back another way than it must, or broke a rule', () => {
    const stats = statsOf(new DeliveryCounter());
    const fault = FAULTS[0]!;
    stats.recordRecovery({ fault, outcome: 'new session', noticedMs: 1, backMs: 1, replayed: 0, attempts: 1 }, 10);
    const breach = { what: 'twice', connection: 0, at: 0 };
    const closed = new DemoStats(new DeliveryCounter(), {
      stats: { ...STATS, violations: [{ code: 4005, ...breach }] },
      complaints: [],
    });
    const judged = new DemoStats(new DeliveryCounter(), {
      stats: STATS,
      complaints: [{ rule: 'one-handshake', ...breach }],
    });
    expect([stats.isClean, closed.isClean, judged.isClean]).toEqual([false, false, false]);
  });

  it('says in the summary what is wrong, and the exit code', () => {
    expect(summaryText(statsOf(counterOf(4, [1, 3, 3])))).toMatch(
      /2 lost, 1 received twice, 0 out of order[^]*Exit code 1/,
    );
    expect(summaryText(statsOf(counterOf(4, [1, 2]), true))).toMatch(
      / 0 lost,[^]* 2 on their way when it was interrupted[^]*Exit code 0/,
    );
  });
});
