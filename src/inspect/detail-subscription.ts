/** Counts the pages that have selected one shard or manager, and logs each step of its actor while there are any. */
import type { AnyActorRef } from 'xstate';
import type { NewLogEntry } from './messages.ts';
import { observeSteps } from './machine-steps.ts';

export interface DetailSubscriptionDependencies {
  now(): number;
  /** Logs an entry that only pages with this selection receive. */
  logDetail(entry: NewLogEntry): void;
}

export class DetailSubscription {
  readonly #dependencies: DetailSubscriptionDependencies;
  #subscribers = 0;
  #actor: AnyActorRef | null = null;
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

  /** Logs the steps of this actor from now on, in place of an actor before it. Does nothing without subscribers. */
  observe(actor: AnyActorRef | null): void {
    if (actor === null || !this.isActive || this.#actor === actor) return;
    this.#detach();
    this.#actor = actor;
    this.#unsubscribe = observeSteps(actor, ({ event, taken, active }) =>
      this.#dependencies.logDetail({ at: this.#dependencies.now(), kind: 'event', text: event, taken, active }),
    );
  }

  /** Removes all subscribers. */
  close(): void {
    this.#subscribers = 0;
    this.#detach();
  }

  #detach(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#actor = null;
  }
}
