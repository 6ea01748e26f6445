/** Records the steps of a running machine, so that tests can read them in order and wait for the next. */
import type { InspectionEvent } from 'xstate';
import { microstepOf } from '../../../../src/testing/index.ts';
import type { Microstep } from '../../../../src/testing/index.ts';
import type { ShardSnapshot } from '../shard-model.ts';

export interface TakenStep {
  readonly microsteps: readonly Microstep[];
  readonly snapshot: ShardSnapshot;
}

export class StepLog {
  #microsteps: Microstep[] = [];
  readonly #taken: TakenStep[] = [];
  #wake: () => void = () => undefined;

  readonly observe = (event: InspectionEvent): void => {
    const microstep = microstepOf(event);
    if (microstep.length > 0) this.#microsteps.push(microstep);
    // The microsteps of one event end in one snapshot. Snapshots of child actors, which are callbacks, have no context.
    if (event.type !== '@xstate.snapshot' || !('context' in event.snapshot) || this.#microsteps.length === 0) return;
    this.#taken.push({ microsteps: this.#microsteps, snapshot: event.snapshot as ShardSnapshot });
    this.#microsteps = [];
    this.#wake();
  };

  /** How many steps were taken but not read yet. */
  get unread(): number {
    return this.#taken.length;
  }

  /** Resolves with the next step, which may still be to come. */
  async next(): Promise<TakenStep> {
    for (;;) {
      const taken = this.#taken.shift();
      if (taken !== undefined) return taken;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
