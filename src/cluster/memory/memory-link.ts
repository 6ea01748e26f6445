/**
 * One connection to the memory engine, as calls and news pass over it. All that makes an engine in another process differ
 * from one in this is here: it can't be reached, it answers late, or its answer is lost.
 */
import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { onAbort } from '../../protocol/on-abort.ts';
import { WaitList } from '../../shard/wait-list.ts';
import type { EngineOpenOptions } from '../ports/engine.ts';
import type { MemoryServer } from './memory-server.ts';
import type { MemoryTopics } from './memory-topics.ts';
import { OrderedDelay } from './ordered-delay.ts';

/** How the way to the engine is. */
export interface LineConditions {
  /** No call gets through, and no news. Calls under way are rejected, although they may have their effect. */
  readonly isCut: boolean;
  /** How long a call is on its way, in ms. */
  readonly requestDelayMs: number;
  /** How long its answer is on its way, in ms. News, too. */
  readonly answerDelayMs: number;
  /** Calls have their effect, and are rejected. */
  readonly losesAnswers: boolean;
}

interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export class MemoryLink {
  readonly #server: MemoryServer;
  readonly #conditions: () => LineConditions;
  readonly #report: EngineOpenOptions['report'];
  readonly #requests: OrderedDelay;
  readonly #answers: OrderedDelay;
  /** Rejects what is under way. */
  readonly #pending = new Set<(error: GatewayError) => void>();
  readonly #reachableListeners = new Set<(isReachable: boolean) => void>();
  readonly #reachable = new WaitList('the wait for the engine');
  readonly #unsubscribe: (() => void)[];
  #isReachable: boolean;
  #isOpen = true;

  /** @param clock - that of the process, by which answers and news arrive */
  constructor(
    server: MemoryServer,
    clock: Clock,
    conditions: () => LineConditions,
    report: EngineOpenOptions['report'],
  ) {
    this.#server = server;
    this.#conditions = conditions;
    this.#report = report;
    this.#requests = new OrderedDelay(server.store.clock);
    this.#answers = new OrderedDelay(clock);
    this.#unsubscribe = [
      server.news.subscribe('running', () => this.refresh()),
      server.news.subscribe('forgotten', () => this.#rejectPending()),
    ];
    this.#isReachable = this.#canReach;
    if (!this.#isReachable) report(unavailable());
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  onReachableChange(listener: (isReachable: boolean) => void): () => void {
    this.#reachableListeners.add(listener);
    return () => void this.#reachableListeners.delete(listener);
  }

  /** Rejects with `ABORTED`, and with `ENGINE_UNAVAILABLE` when closed. */
  async whenReachable(signal?: AbortSignal): Promise<void> {
    if (!this.#isOpen) throw unavailable();
    if (!this.#isReachable) await this.#reachable.wait(signal);
  }

  /** Lets `effect` happen in the engine, in one step, and resolves with its result. */
  call<T>(effect: () => T): Promise<T> {
    if (!this.#isReachable) return Promise.reject(unavailable());
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      const settle = (answer: () => void): void => {
        if (this.#pending.delete(reject)) answer();
      };
      this.#requests.after(this.#conditions().requestDelayMs, () => {
        if (!this.#server.isRunning) return;
        const answer = attempt(effect, resolve, reject);
        const { losesAnswers, answerDelayMs } = this.#conditions();
        this.#answers.after(answerDelayMs, () => settle(losesAnswers ? () => reject(unavailable()) : answer));
      });
    });
  }

  /** Resolves with what `look` finds in the engine, when there is something, or when the time is over. */
  async wait(
    topics: MemoryTopics<number, void>,
    shardIds: readonly number[],
    look: () => readonly number[],
    { timeoutMs, signal }: WaitOptions,
  ): Promise<readonly number[]> {
    const { clock } = this.#server.store;
    const woken = Promise.withResolvers<void>();
    const wake = (): void => woken.resolve();
    this.#pending.add(wake);
    const removers = shardIds.map((shardId) => topics.subscribe(shardId, wake));
    removers.push(onAbort(signal, wake));
    const timer = clock.setTimeout(wake, timeoutMs);
    try {
      const found = await this.call(look);
      if (found.length > 0) return found;
      await woken.promise;
      return signal.aborted ? [] : await this.call(look);
    } finally {
      clock.clearTimeout(timer);
      this.#pending.delete(wake);
      for (const remove of removers) remove();
    }
  }

  /** Lets `start` wait in the engine. Its signal aborts when the connection is lost. */
  async longCall<T>(signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (!this.#isReachable) throw unavailable();
    const lost = new AbortController();
    const lose = (error: GatewayError): void => lost.abort(error);
    this.#pending.add(lose);
    const stopListening = onAbort(signal, () => lost.abort(signal.reason));
    try {
      return await start(lost.signal);
    } catch (error) {
      throw lost.signal.aborted && !signal.aborted ? unavailable() : error;
    } finally {
      stopListening();
      this.#pending.delete(lose);
    }
  }

  /** Passes news on, late or not at all, as the conditions are. Returns a function that ends it. */
  subscribe<Topic, News>(topics: MemoryTopics<Topic, News>, topic: Topic, listener: (news: News) => void): () => void {
    let isSubscribed = true;
    const unsubscribe = topics.subscribe(topic, (news) => {
      if (!this.#isReachable) return;
      const deliver = (): void => {
        if (isSubscribed && this.#isReachable) listener(news);
      };
      // Never within the call of another member.
      this.#answers.after(this.#conditions().answerDelayMs, () => queueMicrotask(deliver));
    });
    return () => {
      isSubscribed = false;
      unsubscribe();
    };
  }

  /** Looks again whether the engine can be reached. */
  refresh(): void {
    if (!this.#isOpen || this.#canReach === this.#isReachable) return;
    this.#isReachable = this.#canReach;
    if (this.#isReachable) {
      this.#reachable.resolve();
    } else {
      this.#rejectPending();
      this.#report(unavailable());
    }
    for (const listener of this.#reachableListeners) listener(this.#isReachable);
  }

  close(): void {
    this.#isOpen = false;
    this.#isReachable = false;
    this.#rejectPending();
    this.#reachable.reject(unavailable());
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  get #canReach(): boolean {
    return this.#server.isRunning && !this.#conditions().isCut;
  }

  #rejectPending(): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const reject of pending) reject(unavailable());
  }
}

const unavailable = (): GatewayError => new GatewayError('ENGINE_UNAVAILABLE', 'the memory engine can not be reached');

/** Lets the effect happen. Returns how its caller is to be answered. */
function attempt<T>(effect: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): () => void {
  try {
    const value = effect();
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
}
