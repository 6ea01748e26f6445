import { describe, expect, test } from 'vitest';
import { DEFAULT_START_GUARD, StartGuard, nextStartAt } from '../../src/identify/start-guard.ts';
import type { StartGuardPolicy, StartStore } from '../../src/identify/start-guard.ts';
import type { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const PERMIT = { sent: () => undefined, release: () => undefined };
const acquire = async (): Promise<typeof PERMIT> => PERMIT;

function guarded({
  policy = DEFAULT_START_GUARD,
  ...methods
}: Partial<StartStore> & { policy?: StartGuardPolicy | null } = {}) {
  const clock = new VirtualClock();
  const faults: [code: string, at: number][] = [];
  const startedAt = clock.now();
  let times: readonly number[] = [];
  const store: StartStore = {
    hasStarts: true,
    loadStarts: async () => times,
    saveStarts: async (_, saved) => void (times = saved),
    ...methods,
  };
  const report = ({ code }: GatewayError): void => void faults.push([code, clock.now() - startedAt]);
  const guard = new StartGuard({ clock, store, policy, report });
  /** Resolves with when the permit was acquired. */
  const start = async (signal = new AbortController().signal): Promise<number> => {
    await guard.pass({ shardId: 0, signal }, acquire);
    return clock.now() - startedAt;
  };
  return { clock, faults, start, kept: () => times, setTimes: (set: readonly number[]) => void (times = set) };
}

const refuse = (): Promise<never> => Promise.reject(new Error('the store was asked'));

describe('nextStartAt()', () => {
  test.each([
    [0, Number.NEGATIVE_INFINITY],
    [3, Number.NEGATIVE_INFINITY],
    [4, 4 + 15_000],
    [5, 5 + 30_000],
    [8, 8 + 240_000],
    [9, 9 + 300_000],
    [64, 64 + 300_000],
  ])('after %i starts within the hour, the next may come at %d', (count, at) => {
    const times = Array.from({ length: count }, (_, index) => index + 1);
    expect(nextStartAt(times, DEFAULT_START_GUARD)).toBe(at);
  });
});

describe('StartGuard', () => {
  test('lets four starts pass, then waits twice as long each time, and reports each wait once', async () => {
    const { clock, faults, start } = guarded();
    const at: number[] = [];
    const run = async (): Promise<void> => {
      for (let count = 0; count < 7; count += 1) at.push(await start());
    };
    const done = run();
    await clock.advanceAsync(600_000);
    await done;
    expect(at).toEqual([0, 0, 0, 0, 15_000, 45_000, 105_000]);
    expect(faults).toEqual([
      ['STARTS_TOO_FAST', 0],
      ['STARTS_TOO_FAST', 15_000],
      ['STARTS_TOO_FAST', 45_000],
    ]);
  });

  test('keeps the time of a start before its permit is used', async () => {
    const { clock, start, kept } = guarded();
    await start();
    expect(kept()).toEqual([clock.now()]);
  });

  test('keeps at most 64 times', async () => {
    const { clock, start, kept, setTimes } = guarded({ policy: { ...DEFAULT_START_GUARD, freeStarts: 1_000 } });
    setTimes(Array.from({ length: 500 }, (_, index) => clock.now() - 500 + index));
    await start();
    expect(kept()).toHaveLength(64);
    expect(kept().at(-1)).toBe(clock.now());
  });

  test('forgets starts that are older than the window or lie in the future', async () => {
    const { clock, faults, start, kept, setTimes } = guarded();
    const now = clock.now();
    setTimes([now - 3_600_000, now - 3_600_000, now - 3_600_000, now - 3_600_000, now + 1, now + 9e12]);
    await start();
    expect(faults).toEqual([]);
    expect(kept()).toEqual([now]);
  });

  test('ends the wait when the shard no longer wants to start, and keeps no start', async () => {
    const { clock, start, kept, setTimes } = guarded();
    const times = [1, 2, 3, 4].map((ms) => clock.now() - ms);
    setTimes(times);
    const abort = new AbortController();
    const waiting = start(abort.signal).catch((error: unknown) => error);
    await clock.advanceAsync(1_000);
    abort.abort();
    expect(await waiting).toMatchObject({ code: 'ABORTED' });
    expect(kept()).toEqual(times);
    expect(clock.pending).toBe(0);
  });

  test('reports a wait once that goes on with another connection', async () => {
    const { clock, faults, start, setTimes } = guarded();
    setTimes([1, 2, 3, 4].map((ms) => clock.now() - ms));
    for (const [index] of [0, 1, 2].entries()) {
      const abort = new AbortController();
      const waiting = start(abort.signal).catch((error: unknown) => error);
      await clock.advanceAsync(1_000);
      abort.abort();
      await waiting;
      expect(faults, `connection ${index}`).toHaveLength(1);
    }
  });

  test('reports a store that fails once, until it works again', async () => {
    let fails = true;
    const whileItFails = async <T>(result: T): Promise<T> => (fails ? refuse() : result);
    const { faults, start } = guarded({
      loadStarts: () => whileItFails([]),
      saveStarts: () => whileItFails(undefined),
    });
    for (let count = 0; count < 3; count += 1) await start();
    expect(faults).toEqual([['SESSION_STORE_FAILED', 0]]);

    fails = false;
    await start();
    fails = true;
    await start();
    expect(faults).toEqual([
      ['SESSION_STORE_FAILED', 0],
      ['SESSION_STORE_FAILED', 0],
    ]);
  });

  test.each(['loadStarts', 'saveStarts'] as const)(
    'lets a start pass when %s() fails, which is a fault',
    async (method) => {
      const { faults, start } = guarded({ [method]: () => Promise.reject(new Error('EACCES')) });
      await start();
      expect(faults).toEqual([['SESSION_STORE_FAILED', 0]]);
    },
  );

  test.each([
    ['the guard is off', { policy: null }],
    ['the store keeps no starts', { hasStarts: false }],
  ])('asks the store for nothing when %s', async (_, options) => {
    const { faults, start } = guarded({ loadStarts: refuse, saveStarts: refuse, ...options });
    for (let count = 0; count < 10; count += 1) expect(await start()).toBe(0);
    expect(faults).toEqual([]);
  });
});
