/** Compares the identify gate with a model of Discord: daily budget, spacing of a key, and no forgotten request. */
import { deepEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IdentifyPermit } from '../../src/identify/identify-gate.ts';
import { MemoryIdentifyGate } from '../../src/identify/memory-identify-gate.ts';
import type { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { checkProperty, pick, runScript, script, step } from './kit.ts';

const DAY_MS = 86_400_000;
/** How long after its first IDENTIFY a period may have begun, if that IDENTIFY was lost. */
const PERIOD_START_WINDOW_MS = 3_600_000;
/** 5 s and the margin of 250 ms. */
const SPACING_MS = 5_250;

interface Setup {
  readonly maxConcurrency: number;
  readonly total: number;
  readonly remaining: number;
  readonly reserve: number;
  readonly resetAfterMs: number;
}

interface Applicant {
  readonly shardId: number;
  readonly abort: AbortController;
  /** The step of the request. */
  readonly requestedIn: number;
  /** How often it was notified of a spent budget, and how often it should have been. */
  notified: number;
  expectedNotices: number;
  permit: IdentifyPermit | null;
  state: 'waiting' | 'granted' | 'sent' | 'released' | 'ABORTED';
}

/** Discord's side: checks that the budget is not exceeded, and that IDENTIFYs of a key are not too close. */
class Discord {
  remaining: number;
  #resetAt: number;
  #periodStartsBefore = Number.NEGATIVE_INFINITY;
  readonly #setup: Setup;
  readonly #lastAt = new Map<number, number>();

  constructor(setup: Setup, now: number) {
    this.#setup = setup;
    this.remaining = setup.remaining;
    this.#resetAt = now + setup.resetAfterMs;
  }

  identify(shardId: number, now: number): void {
    if (now >= this.#resetAt) {
      this.remaining = this.#setup.total;
      this.#periodStartsBefore = now + PERIOD_START_WINDOW_MS;
    }
    if (now < this.#periodStartsBefore) this.#resetAt = now + DAY_MS;
    this.remaining -= 1;
    ok(this.remaining >= this.#setup.reserve, 'the reserve was used');
    ok(this.isSpaced(shardId, now), 'two IDENTIFYs of one key were too close');
    this.#lastAt.set(this.keyOf(shardId), now);
  }

  keyOf(shardId: number): number {
    return shardId % this.#setup.maxConcurrency;
  }

  isSpaced(shardId: number, now: number): boolean {
    return now - (this.#lastAt.get(this.keyOf(shardId)) ?? Number.NEGATIVE_INFINITY) >= SPACING_MS;
  }

  /** How many more shards may identify now, beside those with a permit. */
  spare(now: number, permits: number): number {
    return (now >= this.#resetAt ? this.#setup.total : this.remaining) - this.#setup.reserve - permits;
  }
}

class IdentifyGateModel {
  readonly clock = new VirtualClock();
  readonly gate: MemoryIdentifyGate;
  readonly discord: Discord;
  readonly applicants: Applicant[] = [];
  readonly violations: string[] = [];
  #step = 0;

  constructor(setup: Setup) {
    this.gate = new MemoryIdentifyGate({ ...setup, clock: this.clock });
    this.discord = new Discord(setup, this.clock.now());
  }

  in(...states: Applicant['state'][]): Applicant[] {
    return this.applicants.filter(({ state }) => states.includes(state));
  }

  acquire(shardId: number): Applicant {
    const applicant: Applicant = {
      shardId,
      abort: new AbortController(),
      requestedIn: this.#step,
      notified: 0,
      expectedNotices: 0,
      permit: null,
      state: 'waiting',
    };
    this.applicants.push(applicant);
    const onBudgetSpent = (retryAfterMs: number): void => {
      applicant.notified += 1;
      if (this.discord.spare(this.clock.now(), 0) > 0 || !(retryAfterMs > 0))
        this.violations.push('notified of a budget that is not spent');
    };
    this.gate.acquire({ shardId, signal: applicant.abort.signal, onBudgetSpent }).then(
      (permit) => this.#granted(applicant, permit),
      (error: GatewayError) => this.#rejected(applicant, error),
    );
    this.#expectNotices();
    return applicant;
  }

  sent(applicant: Applicant | undefined): void {
    if (applicant?.state === 'granted') {
      applicant.state = 'sent';
      this.discord.identify(applicant.shardId, this.clock.now());
    }
    applicant?.permit?.sent();
    this.#expectNotices();
  }

  release(applicant: Applicant | undefined): void {
    if (applicant?.state === 'granted') applicant.state = 'released';
    applicant?.permit?.release();
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms);
    this.#step += 1;
    this.#check();
  }

  #granted(applicant: Applicant, permit: IdentifyPermit): void {
    const { shardId, abort, requestedIn } = applicant;
    const before = this.in('waiting').filter(
      (other) =>
        other !== applicant &&
        other.requestedIn < this.#step &&
        this.#shareKey(other, applicant) &&
        !other.abort.signal.aborted,
    );
    if (
      before.some((other) => other.shardId < shardId || (other.shardId === shardId && other.requestedIn < requestedIn))
    ) {
      this.violations.push(`shard ${shardId} went before its turn`);
    }
    if (abort.signal.aborted) this.violations.push('an aborted request got a permit');
    applicant.permit = permit;
    applicant.state = 'granted';
  }

  #rejected(applicant: Applicant, { code }: GatewayError): void {
    if (applicant.state !== 'waiting' || code !== 'ABORTED' || !applicant.abort.signal.aborted)
      this.violations.push(`rejected: ${code}`);
    applicant.state = 'ABORTED';
  }

  #expectNotices(): void {
    if (this.discord.spare(this.clock.now(), 0) > 0) return;
    for (const applicant of this.in('waiting')) applicant.expectedNotices = 1;
  }

  #shareKey(one: Applicant, other: Applicant): boolean {
    return this.discord.keyOf(one.shardId) === this.discord.keyOf(other.shardId);
  }

  /** Checks the state after everything has settled. */
  #check(): void {
    const now = this.clock.now();
    const [waiting, holding] = [this.in('waiting'), this.in('granted')];
    const spare = this.discord.spare(now, holding.length);
    for (const one of holding)
      deepEqual(
        holding.filter((other) => this.#shareKey(one, other)),
        [one],
      );
    const kept = waiting
      .filter(({ shardId }) => this.discord.isSpaced(shardId, now))
      .filter((one) => !holding.some((other) => this.#shareKey(one, other)));
    deepEqual(
      {
        kept: spare > 0 ? kept : [],
        aborted: waiting.filter(({ abort }) => abort.signal.aborted),
        notified: waiting.map(({ notified }) => notified),
        violations: this.violations,
        waiting: this.gate.waiting,
      },
      {
        kept: [],
        aborted: [],
        notified: waiting.map(({ expectedNotices }) => expectedNotices),
        violations: [],
        waiting: waiting.length,
      },
    );
  }
}

const which = fc.nat();
const shardIds = fc.nat({ max: 7 });
const setups = fc.integer({ min: 2, max: 4 }).chain((total) =>
  fc.record<Setup>({
    maxConcurrency: fc.integer({ min: 1, max: 3 }),
    total: fc.constant(total),
    remaining: fc.nat({ max: total }),
    reserve: fc.nat({ max: 1 }),
    resetAfterMs: fc.integer({ min: 0, max: 20_000 }),
  }),
);

/** Several actions may run in one turn. */
const actions: fc.Arbitrary<{ text: string; run: (model: IdentifyGateModel) => void }> = fc.oneof(
  shardIds.map((id) => ({ text: `shard ${id} requests`, run: (model: IdentifyGateModel) => void model.acquire(id) })),
  shardIds.map((id) => ({
    text: `shard ${id} requests and aborts`,
    run: (model: IdentifyGateModel) => model.acquire(id).abort.abort(),
  })),
  which.map((n) => ({
    text: `abort a waiting request (${n})`,
    run: (model: IdentifyGateModel) => pick(model.in('waiting'), n)?.abort.abort(),
  })),
  which.map((n) => ({
    text: `abort any request (${n})`,
    run: (model: IdentifyGateModel) => pick(model.applicants, n)?.abort.abort(),
  })),
  which.map((n) => ({
    text: `sent (${n})`,
    run: (model: IdentifyGateModel) => model.sent(pick(model.in('granted'), n)),
  })),
  which.map((n) => ({
    text: `release (${n})`,
    run: (model: IdentifyGateModel) => model.release(pick(model.in('granted'), n)),
  })),
  which.map((n) => ({
    text: `sent again (${n})`,
    run: (model: IdentifyGateModel) => model.sent(pick(model.in('sent', 'released'), n)),
  })),
  which.map((n) => ({
    text: `release again (${n})`,
    run: (model: IdentifyGateModel) => model.release(pick(model.in('sent', 'released'), n)),
  })),
);
const steps = [
  fc.array(actions, { minLength: 1, maxLength: 4 }).map((all) =>
    step<IdentifyGateModel>(all.map(({ text }) => text).join(' and '), async (model) => {
      for (const { run } of all) run(model);
      await model.advance(0);
    }),
  ),
  shardIds.map((id) =>
    step<IdentifyGateModel>(`shard ${id} requests, and everything settles`, async (model) => {
      model.acquire(id);
      await model.advance(0);
    }),
  ),
  fc
    .oneof(fc.constantFrom(1, 250, 5_000, 5_249, 5_250, DAY_MS - 1, DAY_MS), fc.nat({ max: 20_000 }))
    .map((ms) => step<IdentifyGateModel>(`advance ${ms} ms`, (model) => model.advance(ms))),
];

describe('MemoryIdentifyGate', () => {
  test('grants every permit as soon as Discord allows it and never before, the lowest shard first', async () => {
    const runs = await checkProperty(
      fc.asyncProperty(setups, script(steps, 40), async (setup, commands) => {
        const model = new IdentifyGateModel(setup);
        await runScript(model, commands);
        for (let left = model.in('waiting', 'granted').length; left > 0; left -= 1) {
          for (const applicant of model.in('granted')) model.sent(applicant);
          await model.advance(2 * DAY_MS);
        }
        deepEqual(model.in('waiting'), []);
      }),
      250,
    );
    expect(runs).toBe(250);
  });
});
