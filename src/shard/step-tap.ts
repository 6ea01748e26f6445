/**
 * Shows observers each step of the statechart of a shard, also of the actor that takes the place of one that crashed.
 * Without an observer nothing is inspected.
 */
import type { AnyActorRef } from 'xstate';
import { observeSteps } from './machine-steps.ts';
import type { MachineStep } from './machine-steps.ts';
import { ObserverList } from './observer-list.ts';

type StepObserver = (step: MachineStep) => void;

export class StepTap {
  readonly #observers: ObserverList<StepObserver>;
  #actor: AnyActorRef | null = null;
  #stop: (() => void) | null = null;

  constructor(onThrow: (cause: unknown) => void) {
    this.#observers = new ObserverList(onThrow);
  }

  /** To be called with each actor before it starts. */
  follow(actor: AnyActorRef): void {
    this.#detach();
    this.#actor = actor;
    if (!this.#observers.isEmpty) this.#attach();
  }

  /** Returns the function that removes the observer. */
  add(onStep: StepObserver): () => void {
    const remove = this.#observers.add(onStep);
    this.#attach();
    return () => {
      remove();
      if (this.#observers.isEmpty) this.#detach();
    };
  }

  #attach(): void {
    if (this.#stop !== null || this.#actor === null) return;
    this.#stop = observeSteps(this.#actor, (step) => this.#observers.call((onStep) => onStep(step)));
  }

  #detach(): void {
    this.#stop?.();
    this.#stop = null;
  }
}
