/** On virtual time. */
import { describe, expect, test } from 'vitest';
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

describe('Watchdog', () => {
  test('pings four times per timeout and reports nothing while the thread answers', () => {
    const { clock, watchdog, pings, silences } = createWatchdog(() => true);
    watchdog.onThreadStarted();
    clock.advance(60_000);
    expect(pings.length).toBe(24);
    expect(pings.slice(0, 4)).toEqual([2_500, 5_000, 7_500, 10_000]);
    expect(silences).toEqual([]);
    watchdog.stop();
    expect(clock.pending).toBe(0);
  });

  test('reports silence once when four pings in a row are not answered', () => {
    const { clock, watchdog, pings, silences } = createWatchdog((pingCount) => pingCount < 3);
    watchdog.onThreadStarted();
    clock.advance(60_000);
    expect(pings.length).toBe(6);
    expect(silences).toEqual([[17_500, 10_000]]);
    expect(clock.pending).toBe(0);
  });

  test('reports nothing while the thread answers every fourth ping', () => {
    const { clock, watchdog, silences } = createWatchdog((pingCount) => pingCount % 4 === 0);
    watchdog.onThreadStarted();
    clock.advance(600_000);
    expect(silences).toEqual([]);
    watchdog.stop();
  });

  test('gives a thread a minute to start', () => {
    const { clock, silences } = createWatchdog(() => false);
    clock.advance(300_000);
    expect(silences).toEqual([[62_500, 60_000]]);
  });
});
