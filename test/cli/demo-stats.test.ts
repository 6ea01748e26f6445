import { describe, expect, test } from 'vitest';
import { DeliveryCounter } from '../../src/cli/demo/delivery-counter.ts';
import { summary } from '../../src/cli/demo/summary.ts';
import { DemoStats } from '../../src/cli/demo/demo-stats.ts';
import { FAULTS } from '../../src/cli/demo/faults.ts';

const STATS = { identifies: 1, resumes: 0, heartbeats: 0, dispatched: 0, replayed: 0, violations: [] };
const NEVER = new AbortController().signal;

/** Returns a counter that has sent `sent` dispatches and received these serials. */
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

describe('DeliveryCounter', () => {
  test.each([
    ['finds no flaw when each dispatch arrives once and in order', [1, 2, 3, 4], CLEAN],
    ['finds skipped dispatches', [1, 4], { ...CLEAN, received: 2, missing: 2, flaws: 2 }],
    ['finds repeated dispatches', [1, 2, 2, 3, 4, 1], { ...CLEAN, duplicates: 2, flaws: 2 }],
    ['finds misordered dispatches', [1, 3, 2, 4], { ...CLEAN, outOfOrder: 1, flaws: 1 }],
    ['counts dispatches that may still arrive as outstanding', [1, 2], { ...CLEAN, received: 2, outstanding: 2 }],
  ])('%s', (_title, received, expected) => {
    expect(figures(counterOf(4, received))).toEqual(expected);
  });

  test('waitUntilDelivered() resolves with true when the last dispatch sent before the call arrives', async () => {
    const counter = counterOf(2, [1]);
    const delivered = counter.waitUntilDelivered(60_000, NEVER);
    counter.nextSerial();
    counter.receive(2);
    expect(await delivered).toBe(true);
  });

  test('waitUntilDelivered() resolves with false when the signal aborts first', async () => {
    const controller = new AbortController();
    const delivered = counterOf(3, [1, 2]).waitUntilDelivered(60_000, controller.signal);
    controller.abort();
    expect(await delivered).toBe(false);
  });
});

describe('DemoStats', () => {
  test.each([
    ['is clean when each dispatch arrived once and in order', counterOf(3, [1, 2, 3]), 0, true],
    ['is not clean when a dispatch was skipped', counterOf(3, [1, 3]), 1, false],
    ['is not clean when the last dispatch did not arrive', counterOf(3, [1, 2]), 1, false],
    ['is not clean when a dispatch arrived twice', counterOf(3, [1, 2, 2, 3]), 0, false],
    ['is not clean when a dispatch arrived out of order', counterOf(3, [1, 3, 2]), 0, false],
  ])('%s', (_title, counter, lost, isClean) => {
    const stats = statsOf(counter);
    expect({ lost: stats.lost, isClean: stats.isClean }).toEqual({ lost, isClean });
  });

  test('counts dispatches on their way at an interrupt as kept, and a gap as lost', () => {
    const stats = statsOf(counterOf(5, [1, 3]), true);
    expect({ lost: stats.lost, kept: stats.kept, isClean: stats.isClean }).toEqual({
      lost: 1,
      kept: 2,
      isClean: false,
    });
  });

  test('is not clean after an unexpected recovery or a broken rule', () => {
    const stats = statsOf(new DeliveryCounter());
    const fault = FAULTS[0]!;
    stats.recordRecovery({ fault, outcome: 'new session', noticedMs: 1, backMs: 1, replayed: 0, attempts: 1 }, 10);
    const violation = { what: 'twice', connection: 0, at: 0 };
    const closed = new DemoStats(new DeliveryCounter(), {
      stats: { ...STATS, violations: [{ code: 4005, ...violation }] },
      complaints: [],
    });
    const complained = new DemoStats(new DeliveryCounter(), {
      stats: STATS,
      complaints: [{ rule: 'one-handshake', ...violation }],
    });
    expect(stats.isClean).toBe(false);
    expect(closed.isClean).toBe(false);
    expect(complained.isClean).toBe(false);
  });

  test('the summary says what went wrong, and the exit code', () => {
    expect(summaryText(statsOf(counterOf(4, [1, 3, 3])))).toMatch(
      /2 lost, 1 received twice, 0 out of order[^]*✗ Failed: 2 lost, 1 received twice\. Exit code 1/,
    );
    expect(summaryText(statsOf(counterOf(4, [1, 2]), true))).toMatch(
      / 0 lost,[^]*2 were on their way at the interrupt[^]*Exit code 0/,
    );
  });
});
