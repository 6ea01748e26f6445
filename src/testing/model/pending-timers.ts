/** The delayed events a machine has set for itself and not cancelled. */
import type { EventObject, ExecutableActionObject } from 'xstate';

/** An event that comes by itself. */
export interface PendingTimer {
  readonly id: string;
  readonly event: EventObject;
  /** In ms since the start; `Infinity` never comes. */
  readonly dueAt: number;
}

interface Raise {
  readonly id: string | undefined;
  readonly event: EventObject;
  readonly delay: number | undefined;
}

/** As a clock takes it: a delay that is negative or no number is none. */
const dueAt = (at: number, delayMs: number): number => at + (delayMs > 0 ? delayMs : 0);

export class PendingTimers {
  static readonly none = new PendingTimers([], 0);
  /** By due time; those due at the same time in the order they were set. */
  readonly all: readonly PendingTimer[];
  readonly #set: number;

  private constructor(all: readonly PendingTimer[], set: number) {
    this.all = all;
    this.#set = set;
  }

  /** The one that comes next, if any ever does. */
  get next(): PendingTimer | undefined {
    const [first] = this.all;
    return first !== undefined && first.dueAt < Infinity ? first : undefined;
  }

  without(timer: PendingTimer): PendingTimers {
    return new PendingTimers(
      this.all.filter((other) => other !== timer),
      this.#set,
    );
  }

  /** What is pending after a machine has acted at a time. */
  after(actions: readonly ExecutableActionObject[], at: number): PendingTimers {
    let all = [...this.all];
    let set = this.#set;
    for (const { type, params } of actions) {
      if (type === 'xstate.cancel') {
        const { sendId } = params as { sendId: string };
        all = all.filter(({ id }) => id !== sendId);
      } else if (type === 'xstate.raise') {
        const { id, event, delay } = params as Raise;
        if (delay === undefined) continue;
        set += 1;
        all.push({ id: id ?? `unnamed ${set}`, event, dueAt: dueAt(at, delay) });
      }
    }
    return new PendingTimers(
      all.toSorted((a, b) => a.dueAt - b.dueAt),
      set,
    );
  }
}
