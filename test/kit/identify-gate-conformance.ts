/** The contract of every identify gate, as tests. */
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { IdentifyGate, IdentifyPermit } from '../../src/identify/identify-gate.ts';

export interface GateSetup {
  maxConcurrency: number;
  total: number;
  remaining: number;
  resetAfterMs: number;
  reserve: number;
  /** The time between two IDENTIFYs of a key, with the margin of the gate included. */
  spacingMs: number;
}

export interface GateRig {
  readonly gate: IdentifyGate;
  now(): number;
  /** Lets time pass, until everything that can settle has settled. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const SPACING_MS = 5_000;
const DEFAULT_SETUP: GateSetup = {
  maxConcurrency: 1,
  total: 1_000,
  remaining: 1_000,
  resetAfterMs: DAY_MS,
  reserve: 0,
  spacingMs: SPACING_MS,
};

/** One request and its outcome. */
class Applicant {
  readonly shardId: number;
  readonly abort = new AbortController();
  readonly budgetNotices: number[] = [];
  permit: IdentifyPermit | null = null;
  error: unknown = null;
  sentAt: number | null = null;
  #released = false;
  readonly #rig: GateRig;

  constructor(rig: GateRig, shardId: number) {
    this.shardId = shardId;
    this.#rig = rig;
    const { signal } = this.abort;
    rig.gate.acquire({ shardId, signal, onBudgetSpent: (ms) => this.budgetNotices.push(ms) }).then(
      (permit) => (this.permit = permit),
      (error: unknown) => (this.error = error),
    );
  }

  get outcome(): 'waiting' | 'granted' | 'rejected' {
    if (this.permit !== null) return 'granted';
    return this.error === null ? 'waiting' : 'rejected';
  }

  sent(): void {
    if (!this.#released) this.sentAt ??= this.#rig.now();
    this.permit?.sent();
  }

  release(): void {
    this.#released = true;
    this.permit?.release();
  }
}

const outcomes = (applicants: readonly Applicant[]): string[] => applicants.map(({ outcome }) => outcome);

const aborted = (cause: unknown): unknown => expect.objectContaining({ code: 'ABORTED', cause });

export function describeIdentifyGate(name: string, open: (setup: GateSetup) => Promise<GateRig>): void {
  const rigs: GateRig[] = [];

  const rigWith = async (setup: Partial<GateSetup> = {}): Promise<GateRig> => {
    const rig = await open({ ...DEFAULT_SETUP, ...setup });
    rigs.push(rig);
    return rig;
  };

  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });

  describe(`${name} as an identify gate`, () => {
    test('grants the first request of a key at once', async () => {
      const rig = await rigWith();
      const first = new Applicant(rig, 0);
      await rig.advance(0);
      expect(first.outcome).toBe('granted');
    });

    test('grants the next request one spacing after the IDENTIFY, not after the permit', async () => {
      const rig = await rigWith();
      const [first, second] = [new Applicant(rig, 0), new Applicant(rig, 1)];
      await rig.advance(3_000);
      first.sent();
      await rig.advance(SPACING_MS - 1);
      expect(second.outcome).toBe('waiting');
      await rig.advance(1);
      expect(second.outcome).toBe('granted');
    });

    test('keeps the key in use while the permit is unsent', async () => {
      const rig = await rigWith();
      const [first, second] = [new Applicant(rig, 0), new Applicant(rig, 1)];
      await rig.advance(10 * SPACING_MS);
      expect(outcomes([first, second])).toEqual(['granted', 'waiting']);
    });

    test('grants the next request at once when a permit is released', async () => {
      const rig = await rigWith();
      const [first, second] = [new Applicant(rig, 0), new Applicant(rig, 1)];
      await rig.advance(0);
      first.release();
      await rig.advance(0);
      expect(second.outcome).toBe('granted');
    });

    test('keeps the spacing to the last IDENTIFY if a permit in between is released', async () => {
      const rig = await rigWith();
      const [first, second, third] = [new Applicant(rig, 0), new Applicant(rig, 1), new Applicant(rig, 2)];
      await rig.advance(0);
      first.sent();
      await rig.advance(SPACING_MS);
      second.release();
      await rig.advance(0);
      third.sent();
      const fourth = new Applicant(rig, 3);
      await rig.advance(SPACING_MS - 1);
      expect(fourth.outcome).toBe('waiting');
    });

    test('grants permits of different keys independently', async () => {
      const rig = await rigWith({ maxConcurrency: 2 });
      const applicants = [0, 1, 2, 3].map((id) => new Applicant(rig, id));
      await rig.advance(0);
      expect(outcomes(applicants)).toEqual(['granted', 'granted', 'waiting', 'waiting']);
    });

    test('prefers the lowest shard id among the requests for a key', async () => {
      const rig = await rigWith();
      const holder = new Applicant(rig, 9);
      await rig.advance(0);
      const [seven, three] = [new Applicant(rig, 7), new Applicant(rig, 3)];
      holder.release();
      await rig.advance(0);
      expect(outcomes([seven, three])).toEqual(['waiting', 'granted']);
    });

    test('keeps the order of requests with the same shard id', async () => {
      const rig = await rigWith();
      const holder = new Applicant(rig, 0);
      await rig.advance(0);
      const [earlier, later] = [new Applicant(rig, 4), new Applicant(rig, 4)];
      holder.release();
      await rig.advance(0);
      expect(outcomes([earlier, later])).toEqual(['granted', 'waiting']);
    });

    test('accepts only the first call of sent() or release()', async () => {
      const rig = await rigWith({ total: 2, remaining: 2 });
      const first = new Applicant(rig, 0);
      await rig.advance(0);
      first.sent();
      first.release();
      await rig.advance(1_000);
      first.permit?.sent();
      const [second, third] = [new Applicant(rig, 1), new Applicant(rig, 2)];
      await rig.advance(SPACING_MS - 1_000);
      expect(second.outcome).toBe('granted');
      second.release();
      second.permit?.sent();
      second.release();
      await rig.advance(0);
      expect(third.outcome).toBe('granted');
      expect(third.budgetNotices).toEqual([]);
      third.sent();
      const fourth = new Applicant(rig, 3);
      await rig.advance(0);
      expect(fourth.budgetNotices).toHaveLength(1);
    });

    test('does not notify of a spent budget while an unsent permit may still be released', async () => {
      const rig = await rigWith({ total: 1, remaining: 1 });
      const [first, second] = [new Applicant(rig, 0), new Applicant(rig, 1)];
      await rig.advance(0);
      expect(second.budgetNotices).toEqual([]);
      first.sent();
      await rig.advance(0);
      expect(second.budgetNotices).toHaveLength(1);
    });

    test('rejects with ABORTED and the reason if the signal is already aborted', async () => {
      const rig = await rigWith();
      const signal = AbortSignal.abort('no longer needed');
      await expect(rig.gate.acquire({ shardId: 0, signal })).rejects.toEqual(aborted('no longer needed'));
      const other = new Applicant(rig, 1);
      await rig.advance(0);
      expect(other.outcome).toBe('granted');
    });

    test('rejects with ABORTED when aborted while waiting, and leaves the queue', async () => {
      const rig = await rigWith();
      const [first, second, third] = [new Applicant(rig, 0), new Applicant(rig, 1), new Applicant(rig, 2)];
      await rig.advance(0);
      first.sent();
      second.abort.abort('stopped');
      await rig.advance(0);
      expect(second.error).toEqual(aborted('stopped'));
      await rig.advance(SPACING_MS);
      expect(third.outcome).toBe('granted');
    });

    test('rejects with ABORTED when aborted in the tick of the grant, and charges nothing', async () => {
      const rig = await rigWith({ total: 1, remaining: 1 });
      const first = new Applicant(rig, 0);
      first.abort.abort('at once');
      await rig.advance(0);
      expect(first.error).toEqual(aborted('at once'));
      const second = new Applicant(rig, 1);
      await rig.advance(0);
      expect(second.outcome).toBe('granted');
      expect(second.budgetNotices).toEqual([]);
    });

    test('keeps a granted permit valid when the signal aborts later', async () => {
      const rig = await rigWith();
      const first = new Applicant(rig, 0);
      await rig.advance(0);
      first.abort.abort();
      const second = new Applicant(rig, 1);
      await rig.advance(0);
      expect(second.outcome).toBe('waiting');
      first.sent();
      await rig.advance(SPACING_MS);
      expect(second.outcome).toBe('granted');
    });

    test('waits for the reset when no session starts are left, notifies once, and goes on with a full budget', async () => {
      const rig = await rigWith({ total: 2, remaining: 0, resetAfterMs: 60_000 });
      const applicants = [0, 1, 2].map((id) => new Applicant(rig, id));
      await rig.advance(59_999);
      expect(outcomes(applicants)).toEqual(['waiting', 'waiting', 'waiting']);
      expect(applicants.map(({ budgetNotices }) => budgetNotices)).toEqual([[60_000], [60_000], [60_000]]);
      await rig.advance(1);
      applicants[0]?.sent();
      await rig.advance(SPACING_MS);
      applicants[1]?.sent();
      // The first IDENTIFY of the period may be lost, so the period counts from the second.
      await rig.advance(DAY_MS - 1);
      expect(outcomes(applicants)).toEqual(['granted', 'granted', 'waiting']);
      await rig.advance(1);
      expect(applicants[2]?.outcome).toBe('granted');
      expect(applicants.map(({ budgetNotices }) => budgetNotices.length)).toEqual([1, 1, 1]);
    });

    test('never uses the reserve', async () => {
      const rig = await rigWith({ total: 10, remaining: 4, reserve: 3 });
      const [first, second] = [new Applicant(rig, 0), new Applicant(rig, 1)];
      await rig.advance(0);
      first.sent();
      await rig.advance(SPACING_MS);
      expect(second.outcome).toBe('waiting');
      expect(second.budgetNotices).toHaveLength(1);
    });

    test('grants the next request before the reset when a released permit refunds the budget', async () => {
      const rig = await rigWith({ total: 1, remaining: 1 });
      const [first, second] = [new Applicant(rig, 0), new Applicant(rig, 1)];
      await rig.advance(0);
      first.release();
      await rig.advance(0);
      expect(second.outcome).toBe('granted');
    });

    test('charges a permit that is unsent at the reset to the new period', async () => {
      const rig = await rigWith({ maxConcurrency: 2, total: 1, remaining: 1, resetAfterMs: 1_000 });
      const [first, second] = [new Applicant(rig, 0), new Applicant(rig, 1)];
      await rig.advance(2_000);
      expect(outcomes([first, second])).toEqual(['granted', 'waiting']);
      first.sent();
      await rig.advance(DAY_MS - 1);
      expect(second.outcome).toBe('waiting');
    });

    test('goes on after a callback that throws', async () => {
      const rig = await rigWith({ remaining: 0, resetAfterMs: 1_000 });
      const { signal } = new AbortController();
      const granted = rig.gate.acquire({ shardId: 0, signal, onBudgetSpent: throws });
      await rig.advance(1_000);
      await expect(granted).resolves.toBeDefined();
    });

    test('keeps spacing and budget, and settles every request, for any calls in any order', async () => {
      await fc.assert(
        fc.asyncProperty(setups, fc.array(steps, { maxLength: 60 }), async (setup, script) => {
          expect(await violations(await rigWith(setup), { ...DEFAULT_SETUP, ...setup }, script)).toEqual([]);
        }),
        { numRuns: 60 },
      );
    });
  });
}

const throws = (): never => {
  throw new Error('from the callback');
};

const setups = fc.record({
  maxConcurrency: fc.integer({ min: 1, max: 3 }),
  total: fc.integer({ min: 2, max: 12 }),
  remaining: fc.integer({ min: 0, max: 2 }),
  reserve: fc.integer({ min: 0, max: 1 }),
  resetAfterMs: fc.integer({ min: 0, max: 40_000 }),
});

type Step =
  | { do: 'acquire'; shardId: number }
  | { do: 'sent' | 'release' | 'abort' | 'abort at once'; which: number }
  | { do: 'wait'; ms: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('acquire' as const), shardId: fc.nat({ max: 7 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'sent' as const,
        'sent' as const,
        'release' as const,
        'abort' as const,
        'abort at once' as const,
      ),
      which: fc.nat(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 400, 4_999, 5_000, 20_000) }),
  },
);

/** Runs a script against a gate and returns the violations of its contract. */
async function violations(rig: GateRig, setup: GateSetup, script: readonly Step[]): Promise<string[]> {
  const startAt = rig.now();
  const applicants: Applicant[] = [];
  for (const step of script) {
    runStep(step, rig, applicants);
    await rig.advance(step.do === 'wait' ? step.ms : 0);
  }
  const found = [
    ...spacingViolations(applicants, setup),
    ...budgetViolations(applicants, setup, startAt + setup.resetAfterMs),
  ];

  for (const applicant of applicants) {
    applicant.release();
    applicant.abort.abort();
  }
  await rig.advance(0);
  if (applicants.some(({ outcome }) => outcome === 'waiting')) found.push('a request did not settle');
  // No aborted request keeps a key: a new request is granted, at the latest with the budget of the next day.
  const last = new Applicant(rig, 0);
  await rig.advance(2 * DAY_MS);
  if (last.outcome !== 'granted') found.push('a key stayed in use');
  return found;
}

function runStep(step: Step, rig: GateRig, applicants: Applicant[]): void {
  if (step.do === 'wait') return;
  if (step.do === 'acquire') return void applicants.push(new Applicant(rig, step.shardId));
  if (step.do === 'abort at once') {
    const applicant = new Applicant(rig, step.which % 8);
    applicants.push(applicant);
    return applicant.abort.abort();
  }
  const candidates = step.do === 'abort' ? applicants : applicants.filter(({ outcome }) => outcome === 'granted');
  const chosen = candidates[step.which % Math.max(1, candidates.length)];
  if (step.do === 'abort') chosen?.abort.abort();
  else chosen?.[step.do]();
}

function spacingViolations(applicants: readonly Applicant[], { maxConcurrency }: GateSetup): string[] {
  const lastAt = new Map<number, number>();
  const found: string[] = [];
  const sent = applicants.flatMap(({ shardId, sentAt }) =>
    sentAt === null ? [] : [{ key: shardId % maxConcurrency, sentAt }],
  );
  for (const { key, sentAt } of sent.toSorted((a, b) => a.sentAt - b.sentAt)) {
    const distanceMs = sentAt - (lastAt.get(key) ?? Number.NEGATIVE_INFINITY);
    if (distanceMs < SPACING_MS) found.push(`two IDENTIFYs of key ${key} were ${distanceMs} ms apart`);
    lastAt.set(key, sentAt);
  }
  return found;
}

function budgetViolations(applicants: readonly Applicant[], setup: GateSetup, resetAt: number): string[] {
  const sentAt = applicants.flatMap((applicant) => applicant.sentAt ?? []);
  const before = sentAt.filter((at) => at < resetAt).length;
  const found: string[] = [];
  if (before > Math.max(0, setup.remaining - setup.reserve))
    found.push(`${before} IDENTIFYs were sent before the reset`);
  const after = sentAt.length - before;
  if (after > setup.total - setup.reserve) found.push(`${after} IDENTIFYs were sent after the reset`);
  return found;
}
