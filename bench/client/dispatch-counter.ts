/** Counts the dispatches that a listener receives, and measures what they cost. */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { sharedNow } from '../server/packets.ts';
import type { Event } from './adapter.ts';

export interface ExpectedDispatches {
  /** How many events the listener will receive. */
  readonly count: number;
  /** The sequence of the first event. */
  readonly from: number;
  /** How many events are sent; more than `count` when the listener receives only some. */
  readonly sent: number;
  /** `time` records when each event arrived; `digest` hashes all events. */
  readonly keep: 'nothing' | 'time' | 'digest';
  /** Whether the digest includes `d`. */
  readonly withData: boolean;
  /** Whether to collect all garbage first. Parts that are replayed many times pay for their own garbage. */
  readonly collectsFirst: boolean;
}

export interface CountResult {
  /** User and system time, in µs. */
  readonly cpuUs: number;
  /** The part of it that the main thread used; 0 for a Node that can't tell. */
  readonly mainUs: number;
  /** The time from the first event to the last. */
  readonly wallUs: number;
  readonly peakRssMiB: number;
  /** How many events had a lower sequence than the event before. */
  readonly outOfOrder: number;
  /** How many events had a `d` that is not an object. */
  readonly unread: number;
  /** The arrival times, in the order of sequences. */
  readonly receivedAt: Float64Array | null;
  readonly digest: string | null;
}

const US_PER_MS = 1_000;

/** Since Node 23.9. */
const { threadCpuUsage } = process as { threadCpuUsage?: () => NodeJS.CpuUsage };

/** Returns the CPU time of this thread so far. */
function mainCpuUs(): number {
  const { user = 0, system = 0 } = threadCpuUsage?.() ?? {};
  return user + system;
}

const KIB_PER_MIB = 1_024;

export class DispatchCounter {
  readonly #readsData: boolean;
  readonly #expected: ExpectedDispatches;
  readonly #startedCpu: NodeJS.CpuUsage;
  readonly #startedMainUs: number;
  readonly #receivedAt: Float64Array | null;
  readonly #hash: Hash | null;
  readonly #done = Promise.withResolvers<CountResult>();
  #firstAt = 0;
  #count = 0;
  #last = 0;
  #outOfOrder = 0;
  #unread = 0;

  /** @param readsData - whether the listener reads `d` */
  constructor(readsData: boolean, expected: ExpectedDispatches) {
    this.#readsData = readsData;
    this.#expected = expected;
    this.#receivedAt = expected.keep === 'time' ? new Float64Array(expected.sent) : null;
    this.#hash = expected.keep === 'digest' ? createHash('sha256') : null;
    if (expected.collectsFirst) globalThis.gc?.();
    this.#startedCpu = process.cpuUsage();
    this.#startedMainUs = mainCpuUs();
  }

  get result(): Promise<CountResult> {
    return this.#done.promise;
  }

  record(event: Event): void {
    const { s } = event;
    if (s === null || !(s >= this.#expected.from)) return;
    if (this.#count === 0) this.#firstAt = performance.now();
    if (s < this.#last) this.#outOfOrder += 1;
    this.#last = s;
    if (this.#readsData && typeof event.d !== 'object') this.#unread += 1;
    if (this.#receivedAt !== null) this.#receivedAt[s - this.#expected.from] = sharedNow();
    if (this.#hash !== null)
      this.#hash.update(`${s} ${event.t} ${this.#expected.withData ? JSON.stringify(event.d) : ''}\n`);
    this.#count += 1;
    if (this.#count === this.#expected.count) this.#finish();
  }

  #finish(): void {
    const { user, system } = process.cpuUsage(this.#startedCpu);
    this.#done.resolve({
      cpuUs: user + system,
      mainUs: mainCpuUs() - this.#startedMainUs,
      wallUs: (performance.now() - this.#firstAt) * US_PER_MS,
      peakRssMiB: process.resourceUsage().maxRSS / KIB_PER_MIB,
      outOfOrder: this.#outOfOrder,
      unread: this.#unread,
      receivedAt: this.#receivedAt,
      digest: this.#hash?.digest('hex') ?? null,
    });
  }
}
