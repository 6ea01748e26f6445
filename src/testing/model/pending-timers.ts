/** The delayed events that a machine has scheduled and not cancelled. */
import type { EventObject, ExecutableActionObject } from 'xstate';

/** A delayed event that a machine has scheduled: `after`, or `raise` with a delay. */
export interface PendingTimer {
  /** The id of the delayed event, with which the machine can cancel it. */
  readonly id: string;
  /** The event that the machine will receive. */
  readonly event: EventObject;
  /** When the event is due, in milliseconds since the start of the machine; `Infinity` if never. */
  readonly dueAt: number;
}

interface Raise {
  readonly id: string | undefined;
  readonly event: EventObject;
  readonly delay: number | undefined;
}

/** As in a clock, a delay that is negative or `NaN` counts as 0. */
const dueAt = (at: number, delayMs: number): number => at + (delayMs > 0 ? delayMs : 0);

export class PendingTimers {
  static readonly none = new PendingTimers([], 0);
  /** In the order they are due; timers due at the same time in the order they were set. */
  readonly all: readonly PendingTimer[];
  readonly #set: number;

  private constructor(all: readonly PendingTimer[], set: number) {
    this.all = all;
    this.#set = set;
  }

  /** The next timer; `undefined` when none is due at a finite time. */
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

  /** Returns the timers that are pending after the machine has run these actions. */
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
