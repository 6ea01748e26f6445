/** Those who look closely at one machine: while there is anybody, each step of its actor is told. */
import type { AnyActorRef } from 'xstate';
import type { NewLogEntry } from './messages.ts';
import { observeSteps } from './machine-steps.ts';

export interface DetailSubscriptionDependencies {
  now(): number;
  /** What only those are told who look. */
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

  /** One more looks. Gives back whether nobody did before. */
  addSubscriber(): boolean {
    this.#subscribers += 1;
    return this.#subscribers === 1;
  }

  /** One less looks. Gives back whether that was the last. */
  removeSubscriber(): boolean {
    if (!this.isActive) return false;
    this.#subscribers -= 1;
    if (this.isActive) return false;
    this.#detach();
    return true;
  }

  /** Tells of this actor from now on, if anybody looks. One that took the place of another is followed instead of it. */
  observe(actor: AnyActorRef | null): void {
    if (actor === null || !this.isActive || this.#actor === actor) return;
    this.#detach();
    this.#actor = actor;
    this.#unsubscribe = observeSteps(actor, ({ event, taken, active }) =>
      this.#dependencies.logDetail({ at: this.#dependencies.now(), kind: 'event', text: event, taken, active }),
    );
  }

  /** Nobody looks any more. */
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
