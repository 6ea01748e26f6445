/**
 * Reads the stream of one shard under a lease: first what is pending, then what is new. It reads only as much as the
 * handlers have room for, and acknowledges what they have handled.
 */
import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { messageOf } from '../../protocol/network-errors.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import type { DispatchLog, LoggedDispatch } from '../ports/dispatch-log.ts';
import type { Lease } from '../ports/ownership.ts';
import { isFenced, unexpectedError } from '../engine-errors.ts';
import { StreamAcks } from './stream-acks.ts';
import { StreamEntry } from './stream-entry.ts';
import type { EntryOwner } from './stream-entry.ts';
import { attemptError, isOwnFault, trimmedError } from './stream-faults.ts';

/** Where the entries of a stream are handled: by handlers, or by a user who pulls. */
export interface EntryTarget {
  push(entry: StreamEntry): void;
  pump(): void;
  drop(owner: EntryOwner): void;
  runningOf(owner: EntryOwner): number;
}

export interface StreamReaderOptions {
  readonly lease: Lease;
  readonly log: DispatchLog;
  readonly clock: Clock;
  readonly maxDeliveries: number;
  readonly maxDeadLetters: number;
  readonly targets: { readonly handlers: EntryTarget; readonly pulled: EntryTarget };
  /** Returns who handles an event; `null` if nobody wants it. */
  readonly targetOf: (type: string) => 'handlers' | 'pulled' | null;
  /** Returns how many entries may be read now, and keeps that room until `release()`. */
  readonly reserve: () => number;
  readonly release: (count: number) => void;
  /** Wakes the reader when there is room. */
  readonly onFull: (reader: StreamReader) => void;
  /** Wakes the reader when there may be something to read. */
  readonly onIdle: (reader: StreamReader) => void;
  /** Whether the lease is surely valid. */
  readonly isValid: (shardId: number) => boolean;
  /** Returns READY and the guilds of the shard, as they were before a dispatch. Does not reject. */
  readonly restored: (next: LoggedDispatch | undefined) => AsyncIterable<LoggedDispatch>;
  readonly report: (error: GatewayError) => void;
  /** Another consumer has the stream. */
  readonly onFenced: (reader: StreamReader) => void;
}

const RETRY_MS = 500;
const BACKOFF = { firstMs: 1_000, maxMs: 60_000 };
/** How many sessions of a shard are remembered. */
const MAX_SESSIONS = 8;

export class StreamReader implements EntryOwner {
  readonly lease: Lease;
  readonly #options: StreamReaderOptions;
  readonly #acks: StreamAcks;
  /** What was read and is not acknowledged yet, by id. */
  readonly #active = new Map<string, StreamEntry>();
  /** The highest sequence read of each session. What comes again below it has been handled, or is active. */
  readonly #highest = new Map<string, number>();
  /** The answer of a read may be lost, so what is pending has to be taken first. */
  #mustClaim = true;
  #mustRestore = true;
  #isStopped = false;
  #isLost = false;
  #wake: (() => void) | null = null;
  #waiting: { readonly isOver: () => boolean; readonly resolve: () => void }[] = [];

  constructor(options: StreamReaderOptions) {
    this.#options = options;
    this.lease = options.lease;
    this.#acks = new StreamAcks({
      ...options,
      onDone: (entry) => {
        if (this.#active.get(entry.id) === entry) this.#active.delete(entry.id);
        this.#checkWaiting();
      },
      onFenced: () => options.onFenced(this),
    });
  }

  get shardId(): number {
    return this.lease.shardId;
  }

  get mayBegin(): boolean {
    return !this.#isStopped && this.#options.isValid(this.shardId);
  }

  start(): void {
    void this.#run();
  }

  /** Reads again, if it waits. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** The lease is lost. Begins nothing more; another consumer handles what was read. */
  lose(): void {
    this.#isLost = true;
    this.#stop();
    this.#acks.close();
    this.#active.clear();
    this.#checkWaiting();
  }

  /**
   * Reads nothing more. Resolves when the handlers that run have ended, and the engine knows. If it is away, only so long.
   */
  async drain(ackTimeoutMs: number): Promise<void> {
    this.#stop();
    await this.#until(() => this.#isIdle);
    await waitAtMost(
      this.#options.clock,
      ackTimeoutMs,
      this.#until(() => !this.#acks.isBusy),
    );
  }

  async count(entry: StreamEntry): Promise<boolean> {
    const [position] = entry.positions;
    try {
      const attempt = position === undefined ? 0 : await this.#options.log.retry(this.lease, position);
      // An engine that was empty begins to count again.
      entry.attempt = Math.max(attempt, entry.attempt + 1);
      entry.mustCount = false;
      return true;
    } catch (cause) {
      await this.#onError(cause);
      return false;
    }
  }

  settle(entry: StreamEntry): Promise<void> {
    if (entry.isSettled) return Promise.resolve();
    if (this.#isLost)
      return Promise.reject(new GatewayError('FENCED', `another consumer has the stream of shard ${this.shardId}`));
    entry.isSettled = true;
    return this.#acks.add(entry);
  }

  fail(entry: StreamEntry, cause: unknown, delayMs?: number): number | null {
    if (this.#isLost || entry.isSettled) return null;
    const { maxDeliveries } = this.#options;
    const isLast = entry.attempt >= maxDeliveries;
    this.#reportFailure(entry, cause, isLast);
    if (isLast) {
      entry.isSettled = true;
      this.#acks.bury(entry, messageOf(cause));
      return null;
    }
    if (this.#isStopped) {
      this.#active.delete(entry.id);
      return null;
    }
    entry.mustCount = true;
    return delayMs ?? Math.min(BACKOFF.maxMs, BACKOFF.firstMs * 2 ** (entry.attempt - 1));
  }

  onCallEnd(): void {
    this.#checkWaiting();
  }

  #stop(): void {
    this.#isStopped = true;
    for (const target of Object.values(this.#options.targets)) target.drop(this);
    this.wake();
  }

  async #run(): Promise<void> {
    const { reserve, release } = this.#options;
    while (!this.#isStopped) {
      const count = reserve();
      if (count === 0) {
        await this.#sleep('onFull');
        continue;
      }
      let isEmpty = false;
      try {
        isEmpty = await this.#read(count);
      } catch (cause) {
        this.#mustClaim = true;
        await this.#onError(cause);
      } finally {
        release(count);
      }
      if (isEmpty && !this.#isStopped) await this.#sleep('onIdle');
    }
  }

  async #sleep(reason: 'onFull' | 'onIdle'): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#options[reason](this);
    await woken;
  }

  /** Resolves with whether everything is read. What comes from now on wakes the reader. */
  async #read(count: number): Promise<boolean> {
    const { log } = this.#options;
    const isClaimed = this.#mustClaim;
    const result = isClaimed ? await log.claim(this.lease) : await log.read(this.lease, count);
    if (this.#isStopped) return false;
    this.#mustClaim = false;
    if (result.trimmed > 0) this.#options.report(trimmedError(this.shardId, result.trimmed));
    if (this.#mustRestore && (!isClaimed || result.dispatches.length > 0)) await this.#restore(result.dispatches[0]);
    for (const logged of result.dispatches) if (!this.#isStopped) await this.#accept(logged, isClaimed);
    for (const target of Object.values(this.#options.targets)) target.pump();
    return !isClaimed && result.dispatches.length < count;
  }

  async #restore(next: LoggedDispatch | undefined): Promise<void> {
    const { restored, targetOf, targets, reserve, release } = this.#options;
    this.#mustRestore = false;
    for await (const logged of restored(next)) {
      // A guild is large: only as many are read as there is room for.
      let count = reserve();
      for (; count === 0 && !this.#isStopped; count = reserve()) await this.#sleep('onFull');
      release(count);
      if (this.#isStopped) return;
      const target = targetOf(logged.t);
      if (target === null) continue;
      targets[target].push(new StreamEntry(this, logged, { isClaimed: false, isRestored: true }));
      targets[target].pump();
    }
  }

  async #accept(logged: LoggedDispatch, isClaimed: boolean): Promise<void> {
    const { sessionId, sequence, isRedelivered, attempt } = logged;
    const entry = new StreamEntry(this, logged, { isClaimed });
    const active = this.#active.get(entry.id);
    if (active !== undefined) {
      if (!active.positions.includes(logged.position)) active.positions.push(logged.position);
      return;
    }
    const highest = this.#highest.get(sessionId) ?? -1;
    this.#remember(sessionId, Math.max(highest, sequence));
    this.#active.set(entry.id, entry);
    const target = this.#options.targetOf(logged.t);
    // The owner of the shard appends again what an engine may have lost.
    const isHandled = sequence <= highest && !isRedelivered;
    if (isHandled || target === null) return void this.settle(entry).catch(() => undefined);
    if (isClaimed && attempt >= Math.max(2, this.#options.maxDeliveries)) {
      const error = `no consumer has survived it, or has settled it in time, in ${attempt} attempts`;
      this.#reportFailure(entry, new Error(error), true);
      entry.isSettled = true;
      return this.#acks.bury(entry, error);
    }
    if (target === 'pulled' && isClaimed) while (!this.#isStopped && !(await this.count(entry))) entry.mustCount = true;
    if (!this.#isStopped) this.#options.targets[target].push(entry);
    return undefined;
  }

  #remember(sessionId: string, sequence: number): void {
    this.#highest.delete(sessionId);
    this.#highest.set(sessionId, sequence);
    const [oldest] = this.#highest.keys();
    if (this.#highest.size > MAX_SESSIONS && oldest !== undefined) this.#highest.delete(oldest);
  }

  async #onError(cause: unknown): Promise<void> {
    if (this.#isLost) return;
    if (isFenced(cause)) return this.#options.onFenced(this);
    const error = unexpectedError(cause);
    if (error !== null) this.#options.report(error);
    await waitAtMost(this.#options.clock, RETRY_MS, new Promise<void>(() => undefined));
  }

  #reportFailure(entry: StreamEntry, cause: unknown, isLast: boolean): void {
    if (isOwnFault(cause)) this.#options.report(cause);
    this.#options.report(attemptError(entry, cause, isLast));
  }

  get #isIdle(): boolean {
    const { handlers, pulled } = this.#options.targets;
    return handlers.runningOf(this) + pulled.runningOf(this) === 0;
  }

  /** Resolves when something is so, or the lease is lost. */
  #until(isOver: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isOver, resolve });
      this.#checkWaiting();
    });
  }

  #checkWaiting(): void {
    if (this.#waiting.length === 0) return;
    const over = this.#waiting.filter(({ isOver }) => this.#isLost || isOver());
    this.#waiting = this.#waiting.filter((each) => !over.includes(each));
    for (const { resolve } of over) resolve();
  }
}
