/** Counts the pages that have selected one shard or manager, and logs each step of its statechart while there are any. */
import type { StepSource } from '../shard/machine-steps.ts';
import type { NewLogEntry } from './messages.ts';

export interface DetailSubscriptionDependencies {
  now(): number;
  /** Logs an entry that only pages with this selection receive. */
  logDetail(entry: NewLogEntry): void;
}

export class DetailSubscription {
  readonly #dependencies: DetailSubscriptionDependencies;
  #subscribers = 0;
  #unsubscribe: (() => void) | null = null;

  constructor(dependencies: DetailSubscriptionDependencies) {
    this.#dependencies = dependencies;
  }

  get isActive(): boolean {
    return this.#subscribers > 0;
  }

  /** Returns whether this is the first subscriber. */
  addSubscriber(): boolean {
    this.#subscribers += 1;
    return this.#subscribers === 1;
  }

  /** Returns whether this was the last subscriber. */
  removeSubscriber(): boolean {
    if (!this.isActive) return false;
    this.#subscribers -= 1;
    if (this.isActive) return false;
    this.#detach();
    return true;
  }

  /** Logs the steps from now on, until there is no subscriber. */
  observe(source: Pick<StepSource, 'observeSteps'>): void {
    this.#detach();
    this.#unsubscribe = source.observeSteps(({ event, taken, active, delayMs }) => {
      const at = this.#dependencies.now() - (delayMs ?? 0);
      this.#dependencies.logDetail({ at, kind: 'event', text: event, taken, active });
    });
  }

  /** Removes all subscribers. */
  close(): void {
    this.#subscribers = 0;
    this.#detach();
  }

  #detach(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }
}
