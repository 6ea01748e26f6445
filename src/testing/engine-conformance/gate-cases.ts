/** One queue, one spacing and one budget of session starts for all nodes. */
import assert from 'node:assert/strict';
import type { EngineConnection, EngineIdentifyGate } from '../../cluster/ports/engine.ts';
import type { Lease } from '../../cluster/ports/ownership.ts';
import type { EngineCase } from './engine-case.ts';
import { engineCase, newbornCase } from './engine-kit.ts';
import type { EngineKit } from './engine-kit.ts';

type Limit = Parameters<EngineIdentifyGate['update']>[0];
type Permit = Awaited<ReturnType<EngineIdentifyGate['acquire']>>;

const LIMIT: Limit = { total: 1_000, remaining: 1_000, resetAfterMs: 86_400_000, maxConcurrency: 1 };

/** One request, and what has become of it. */
class Applicant {
  readonly abort = new AbortController();
  readonly budgetNotices: number[] = [];
  permit: Permit | null = null;
  grantedAt: number | null = null;
  sentAt = 0;
  error: unknown = null;
  readonly #kit: EngineKit;

  constructor(kit: EngineKit, { identifyGate }: EngineConnection, shardId: number, lease?: Lease) {
    this.#kit = kit;
    const { signal } = this.abort;
    const request = { shardId, signal, onBudgetSpent: (ms: number) => this.budgetNotices.push(ms) };
    void identifyGate.acquire(lease === undefined ? request : { ...request, lease }).then(
      (permit) => {
        this.permit = permit;
        this.grantedAt = kit.context.now();
      },
      (error: unknown) => (this.error = error),
    );
  }

  get isGranted(): boolean {
    return this.permit !== null;
  }

  async granted(): Promise<void> {
    await this.#kit.eventually('a permit is granted', () => this.isGranted);
  }

  /** Sends its IDENTIFY. `sentAt` is not later than what the engine sees. */
  async sent(): Promise<void> {
    await this.granted();
    this.sentAt = this.#kit.context.now();
    this.permit?.sent();
    await this.#kit.wait(20);
  }

  /** Its permit was granted at least one spacing after `time`. */
  assertSpaced(time: number): void {
    const gapMs = (this.grantedAt ?? 0) - time;
    assert.ok(gapMs >= 5_000, `the spacing is ${gapMs} ms`);
  }
}

/** Two connections to a gate that may grant, with what is left of the budget. */
async function gates(
  kit: EngineKit,
  limit: Partial<Limit> = {},
  reserve = 0,
): Promise<[EngineConnection, EngineConnection]> {
  const [first, second] = [await kit.connect(), await kit.connect()];
  await first.identifyGate.update({ ...LIMIT, ...limit }, reserve);
  await second.identifyGate.update({ ...LIMIT, ...limit }, reserve);
  return [first, second];
}

export const GATE_CASES: readonly EngineCase[] = [
  engineCase('grants one permit a spacing, counted from the IDENTIFY, over all connections', async (kit) => {
    const [first, second] = await gates(kit);
    const one = new Applicant(kit, first, 0);
    await one.granted();
    const two = new Applicant(kit, second, 1);
    await kit.wait(1_000);
    await one.sent();
    await two.granted();
    two.assertSpaced(one.sentAt);
    const three = new Applicant(kit, first, 2);
    await two.sent();
    await three.granted();
    three.assertSpaced(two.sentAt);
  }),

  newbornCase('grants no permit for one spacing when it is new', async (kit) => {
    const bornAt = kit.context.now();
    const [first] = await gates(kit);
    const one = new Applicant(kit, first, 0);
    await one.granted();
    assert.ok((one.grantedAt ?? 0) - bornAt >= 5_000);
  }),

  engineCase('grants permits of different keys side by side', async (kit) => {
    const [first, second] = await gates(kit, { maxConcurrency: 2 });
    const [zero, one] = [new Applicant(kit, first, 0), new Applicant(kit, second, 1)];
    await zero.granted();
    await one.granted();
    const two = new Applicant(kit, second, 2);
    await kit.wait(50);
    assert.equal(two.isGranted, false);
    zero.permit?.release();
    await two.granted();
  }),

  engineCase('lets the lowest shard of those that wait go first, whatever their connection', async (kit) => {
    const [first, second] = await gates(kit);
    const holder = new Applicant(kit, first, 9);
    await holder.granted();
    const seven = new Applicant(kit, first, 7);
    const three = new Applicant(kit, second, 3);
    const five = new Applicant(kit, first, 5);
    await kit.wait(100);
    holder.permit?.release();
    await three.granted();
    assert.deepEqual([five.isGranted, seven.isGranted], [false, false]);
    three.permit?.release();
    await five.granted();
    assert.equal(seven.isGranted, false);
    five.permit?.release();
    await seven.granted();
  }),

  engineCase('takes the next request at once when a permit is released, and its session start back', async (kit) => {
    const [first, second] = await gates(kit, { remaining: 1 });
    const one = new Applicant(kit, first, 0);
    await one.granted();
    const two = new Applicant(kit, second, 1);
    await kit.wait(100);
    assert.deepEqual(two.budgetNotices, []);
    one.permit?.release();
    await two.granted();
  }),

  engineCase('shares the budget of all connections, and notifies once of a spent one', async (kit) => {
    const [first, second] = await gates(kit, { remaining: 1, resetAfterMs: 3_600_000 });
    await new Applicant(kit, first, 0).sent();
    const waiting = [new Applicant(kit, first, 1), new Applicant(kit, second, 2)];
    await kit.eventually('both hear of it', () => waiting.every(({ budgetNotices }) => budgetNotices.length > 0));
    await kit.wait(300);
    for (const { budgetNotices, isGranted } of waiting) {
      const [noticeMs = 0, ...more] = budgetNotices;
      assert.ok(noticeMs > 3_000_000 && noticeMs <= 86_400_000, `${noticeMs} ms`);
      assert.deepEqual([more, isGranted], [[], false]);
    }
    assert.equal(second.identifyGate.budget?.remaining, 0);
  }),

  engineCase('never uses the reserve of the bot', async (kit) => {
    const [first, second] = await gates(kit, { remaining: 4 }, 3);
    await new Applicant(kit, first, 0).sent();
    const next = new Applicant(kit, second, 1);
    await kit.eventually('it hears of the spent budget', () => next.budgetNotices.length > 0);
    assert.equal(next.isGranted, false);
  }),

  engineCase('grants again when the budget is reset', async (kit) => {
    const [first] = await gates(kit, { remaining: 0, resetAfterMs: 6_000 });
    const one = new Applicant(kit, first, 0);
    const before = kit.context.now();
    await kit.eventually('it hears of the spent budget', () => one.budgetNotices.length > 0);
    await one.granted();
    assert.ok((one.grantedAt ?? 0) - before >= 5_000);
  }),

  engineCase('does not get back what was used when a node comes with an older answer', async (kit) => {
    const [first, second] = await gates(kit, { remaining: 1 });
    await new Applicant(kit, first, 0).sent();
    await second.identifyGate.update({ ...LIMIT, remaining: 1 }, 0);
    const next = new Applicant(kit, second, 1);
    await kit.eventually('it hears of the spent budget', () => next.budgetNotices.length > 0);
    assert.equal(next.isGranted, false);
  }),

  engineCase('learns from a newer answer that others have used the budget', async (kit) => {
    const [first, second] = await gates(kit, { remaining: 100 });
    await second.identifyGate.update({ ...LIMIT, remaining: 0 }, 0);
    const next = new Applicant(kit, first, 1);
    await kit.eventually('it hears of the spent budget', () => next.budgetNotices.length > 0);
    assert.equal(next.isGranted, false);
  }),

  engineCase('blocks a key for one spacing only if the holder of the permit is gone, and counts it', async (kit) => {
    const [first, second] = await gates(kit, { remaining: 2 });
    const gone = new Applicant(kit, first, 0);
    await gone.granted();
    await first.close();
    const next = new Applicant(kit, second, 1);
    await next.granted();
    next.assertSpaced((gone.grantedAt ?? 0) - 500);
    await next.sent();
    const last = new Applicant(kit, second, 2);
    await kit.eventually('the budget is spent', () => last.budgetNotices.length > 0);
  }),

  engineCase('forgets the requests of a connection that is closed', async (kit) => {
    const [first, second] = await gates(kit);
    const holder = new Applicant(kit, second, 0);
    await holder.granted();
    new Applicant(kit, first, 1).abort.signal.throwIfAborted();
    await kit.wait(100);
    await first.close();
    holder.permit?.release();
    await new Applicant(kit, second, 2).granted();
  }),

  engineCase('forgets a request that is aborted', async (kit) => {
    const [first, second] = await gates(kit);
    const holder = new Applicant(kit, first, 0);
    await holder.granted();
    const [aborted, next] = [new Applicant(kit, first, 1), new Applicant(kit, second, 2)];
    await kit.wait(100);
    aborted.abort.abort('no longer needed');
    await kit.eventually('the request ends', () => aborted.error !== null);
    assert.ok(aborted.error instanceof Error && 'code' in aborted.error && aborted.error.code === 'ABORTED');
    holder.permit?.release();
    await next.granted();
  }),

  engineCase('refuses a permit for a shard that another member has by then, and gives it to the next', async (kit) => {
    const [first, second] = await gates(kit);
    const [lost, next] = [await kit.member('lost'), await kit.member('next')];
    const holder = new Applicant(kit, second, 9);
    await holder.granted();
    const lease = await lost.claim(0);
    const late = new Applicant(kit, first, 0, lease);
    await kit.wait(100);
    await lost.ownership.release(lease);
    const owner = new Applicant(kit, second, 0, await next.claim(0));
    const other = new Applicant(kit, second, 1);
    holder.permit?.release();
    await kit.eventually('the late request is refused', () => late.error !== null);
    assert.ok(late.error instanceof Error && 'code' in late.error && late.error.code === 'FENCED');
    assert.equal(late.isGranted, false);
    await owner.granted();
    assert.equal(other.isGranted, false);
    owner.permit?.release();
    await other.granted();
  }),

  engineCase('waits with a permit until a lease that is forgotten is restored', async (kit) => {
    const [first, second] = await gates(kit);
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.context.forget();
    await second.identifyGate.update(LIMIT, 0);
    const one = new Applicant(kit, first, 0, lease);
    await kit.wait(7_000);
    assert.deepEqual([one.isGranted, one.error], [false, null]);
    assert.equal(await owner.ownership.restore(lease, null), true);
    await one.granted();
  }),

  engineCase('keeps the spacing, and knows the budget again, when it was empty', async (kit) => {
    const [first, second] = await gates(kit, { remaining: 2 });
    const one = new Applicant(kit, first, 0);
    await one.sent();
    const two = new Applicant(kit, second, 1);
    await kit.wait(100);
    await kit.context.forget();
    await two.sent();
    two.assertSpaced(one.sentAt);
    const three = new Applicant(kit, second, 2);
    await kit.eventually('the budget is spent', () => three.budgetNotices.length > 0, 30_000);
    assert.equal(three.isGranted, false);
  }),
];
