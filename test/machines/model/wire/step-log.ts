/** What a running machine does, step by step, to be read in order and waited for. */
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
    // The microsteps of one event end in one snapshot; those of children, which are callbacks, have no context.
    if (event.type !== '@xstate.snapshot' || !('context' in event.snapshot) || this.#microsteps.length === 0) return;
    this.#taken.push({ microsteps: this.#microsteps, snapshot: event.snapshot as ShardSnapshot });
    this.#microsteps = [];
    this.#wake();
  };

  /** How many steps have been taken and not been read. */
  get unread(): number {
    return this.#taken.length;
  }

  /** The next step, which may be still to come. */
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
