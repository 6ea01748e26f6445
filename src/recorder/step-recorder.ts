/** Records the steps of one statechart. The active states are written only when they have changed. */
import type { StepSource } from '../shard/machine-steps.ts';
import type { RecordFields } from './format/index.ts';

export class StepRecorder {
  readonly #source: StepSource | null;
  readonly #unsubscribe: () => void;

  /** @param source - `null` records nothing */
  constructor(source: StepSource | null, onStep: (step: RecordFields<'step'>) => void) {
    this.#source = source;
    let last = keyOf(source?.active ?? []);
    this.#unsubscribe =
      source?.observeSteps(({ event, taken, active, delayMs }) => {
        const key = keyOf(active);
        const hasChanged = key !== last;
        last = key;
        if (hasChanged || taken.length > 0) onStep({ event, taken, active: hasChanged ? active : null, delayMs });
      }) ?? (() => undefined);
  }

  /** The active states; `null` while they are not known. */
  get active(): readonly string[] | null {
    return this.#source?.active ?? null;
  }

  close(): void {
    this.#unsubscribe();
  }
}

const keyOf = (active: readonly string[]): string => active.join(' ');
