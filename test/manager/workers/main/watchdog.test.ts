/** When a thread counts as hung. On virtual time. */
import { expect, test } from 'vitest';
import { Watchdog } from '../../../../src/manager/workers/main/watchdog.ts';
import { VirtualClock } from '../../../../src/testing/virtual-clock.ts';

function createWatchdog(answers: (pingCount: number) => boolean) {
  const clock = new VirtualClock();
  const startedAt = clock.now();
  const pings: number[] = [];
  const silences: [at: number, silentMs: number][] = [];
  const watchdog: Watchdog = new Watchdog({
    clock,
    timeoutMs: 10_000,
    ping: () => {
      pings.push(clock.now() - startedAt);
      if (answers(pings.length)) watchdog.touch();
    },
    onSilence: (silentMs) => silences.push([clock.now() - startedAt, silentMs]),
  });
  watchdog.start();
  return { clock, watchdog, pings, silences };
}

test('a thread that answers is asked four times in the time it may be silent, and left alone', () => {
  const { clock, watchdog, pings, silences } = createWatchdog(() => true);
  watchdog.onThreadStarted();
  clock.advance(60_000);
  expect([pings.length, pings.slice(0, 4), silences]).toEqual([24, [2_500, 5_000, 7_500, 10_000], []]);
  watchdog.stop();
  expect(clock.pending).toBe(0);
});

test('one that does not answer four times in a row is hung, and is told of once', () => {
  const { clock, watchdog, pings, silences } = createWatchdog((asked) => asked < 3);
  watchdog.onThreadStarted();
  clock.advance(60_000);
  expect([pings.length, silences, clock.pending]).toEqual([6, [[17_500, 10_000]], 0]);
});

test('one that answers now and then is only slow', () => {
  const { clock, watchdog, silences } = createWatchdog((asked) => asked % 4 === 0);
  watchdog.onThreadStarted();
  clock.advance(600_000);
  expect(silences).toEqual([]);
  watchdog.stop();
});

test('one that has not begun to run has a minute', () => {
  const { clock, silences } = createWatchdog(() => false);
  clock.advance(300_000);
  expect(silences).toEqual([[62_500, 60_000]]);
});
