/** The parts on which the results of the simulator depend: its clock, its seeds, and its search for a short script. */
import { describe, expect, test } from 'vitest';
import { SeededRandom, randomFor } from '../../src/testing/seeded-random.ts';
import { runSimulation } from '../../simulator/run.ts';
import { runSeeds } from '../../simulator/pool.ts';
import type { SeedResult } from '../../simulator/run-seed.ts';
import { scriptOf } from '../../simulator/script.ts';
import { settingOf } from '../../simulator/setting.ts';
import { shrink } from '../../simulator/shrink.ts';
import { SimClock } from '../../simulator/sim-clock.ts';
import { traceTo } from '../../simulator/trace.ts';

const EXACT = { earlyMs: 0, usualMs: 0, worstMs: 0 };

const clockWith = (): { clock: SimClock; log: string[]; run: () => void } => {
  const clock = new SimClock(new SeededRandom(1), EXACT, 0);
  const log: string[] = [];
  return {
    clock,
    log,
    run: () => {
      while (clock.nextAt < Infinity) clock.step();
    },
  };
};

describe('SimClock', () => {
  test('runs timers before arrivals at the same moment, and a timer of 0 ms after them', () => {
    const { clock, log, run } = clockWith();
    clock.setTimeout(() => log.push('timer'), 5);
    clock.scheduleArrival(() => {
      log.push('arrival');
      clock.setTimeout(() => log.push('immediate'), 0);
    }, 5);
    clock.scheduleArrival(() => log.push('arrival'), 5);
    run();
    expect(log).toEqual(['timer', 'arrival', 'arrival', 'immediate']);
  });

  test('delays timers and arrivals of a sleeping process until it wakes, while the world continues', () => {
    const { clock, log, run } = clockWith();
    clock.sleep(100);
    clock.scheduleArrival(() => log.push(`arrival ${clock.now()}`), 10);
    clock.setTimeout(() => log.push(`timer ${clock.now()}`), 20);
    clock.scheduleInWorld(() => log.push(`world ${clock.now()}`), 30);
    run();
    expect(log).toEqual(['world 30', 'timer 100', 'arrival 100']);
  });

  test('counts the pending timers of shards, whether they run or are cleared', () => {
    const { clock, run } = clockWith();
    const timers = Array.from({ length: 200 }, (_, n) => clock.setTimeout(() => undefined, n + 1));
    for (const timer of timers.slice(0, 150)) clock.clearTimeout(timer);
    clock.clearTimeout(timers[0]);
    expect(clock.pending).toBe(50);
    run();
    expect(clock.pending).toBe(0);
  });
});

const linesOf = async (seed: number, events?: number): Promise<string[]> => {
  const lines: string[] = [];
  await runSimulation(seed, {
    ...(events === undefined ? {} : { events }),
    observe: (world) => traceTo(world, (line) => lines.push(line)),
  });
  return lines;
};

describe('a run of the simulator', () => {
  test('is the same for the same seed', async () => {
    expect(await linesOf(14)).toEqual(await linesOf(14));
  });

  test('begins the same with a prefix of its script', async () => {
    const cut = await linesOf(15, 20);
    const end = cut.findIndex((line) => line.endsWith('all faults end'));
    expect(end).toBeGreaterThan(100);
    expect(cut.slice(0, end)).toEqual((await linesOf(15)).slice(0, end));
  });

  test('that fails is shortened to the events it needs', async () => {
    const script = scriptOf(settingOf(14));
    const culprit = script[30]!;
    const result = await runSimulation(14, {
      observe: (world) =>
        world.clock.scheduleInWorld(() => world.eventLog.record('uncaught', { error: 'on purpose' }), culprit.at),
    });
    expect(result.violation).toEqual({ check: 'no-uncaught', what: 'on purpose', at: culprit.at });
    const shrunk = await shrink(result, {
      observe: (world) => {
        let seen = 0;
        world.eventLog.onAll((name) => {
          if (name !== 'fault' && name !== 'action') return;
          seen += 1;
          if (seen === 12) world.eventLog.record('uncaught', { error: 'on purpose' });
        });
      },
    });
    expect(shrunk!.events).toBeLessThan(20);
  });
});

describe('the pool of threads', () => {
  test('ignores messages that Node or a loader posts, in both directions', async () => {
    // As `node --watch` does in each thread.
    const foreign = `import { parentPort } from 'node:worker_threads';
      parentPort?.postMessage({ 'watch:import': ['file:///a.ts'] });
      parentPort?.postMessage(null);
      for (const message of [null, 'reload', { seed: 'x' }]) parentPort?.emit('message', message);
      setImmediate(() => parentPort?.emit('message', { 'watch:require': [] }));`;
    const results: SeedResult[] = [];
    let wanted = 2;
    await runSeeds({
      workers: 1,
      firstSeed: 3,
      shouldContinue: () => (wanted -= 1) >= 0,
      onResult: (result) => results.push(result),
      execArgv: [...process.execArgv, '--import', `data:text/javascript,${encodeURIComponent(foreign)}`],
    });
    expect(results.map(({ result }) => result.setting.seed)).toEqual([3, 4]);
  });
});

describe('randomFor', () => {
  test('returns the same generator for the same seed and name, and another for another', () => {
    expect(new Set([randomFor(1, 'a'), randomFor(1, 'b'), randomFor(2, 'a')].map(({ next }) => next())).size).toBe(3);
    expect(randomFor(1, 'a').next()).toBe(randomFor(1, 'a').next());
  });
});
