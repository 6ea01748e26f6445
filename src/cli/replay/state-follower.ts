/** Compares the states that a shard or a manager passes with those of a recording, and says what the user did meanwhile. */
import { formatDuration, formatMs } from '../../inspect/page/model/format.ts';
import { printable } from '../../protocol/printable.ts';
import type { RecordedState } from '../../testing/fake-gateway/replay/replay-script.ts';

/** A change of state. */
type Change = Pick<RecordedState, 'from' | 'to'>;

/** The first place where something else happened than in the recording. */
export interface Difference {
  /** The number of the change, from 1. */
  readonly change: number;
  /** When it was recorded, in ms since the recording began. */
  readonly afterMs: number;
  readonly recorded: Change;
  /** `null` if the state stayed as it was. */
  readonly replayed: Change | null;
  readonly text: string;
}

/** What the user of the recorded bot did. */
export interface UserStep {
  readonly method: 'connect' | 'disconnect';
  /** The number of the change that followed. */
  readonly change: number;
  /** When that was recorded, in ms since the recording began. */
  readonly afterMs: number;
  /** How long after the change before. */
  readonly delayMs: number;
}

/** What is followed. */
export interface FollowedStates {
  readonly noun: 'shard' | 'manager';
  readonly states: readonly RecordedState[];
  /** The state in which the recording begins, if what comes before is not recorded; `null` if it begins at rest. */
  readonly beginsAt: 'ready' | 'running' | null;
}

const REST: ReadonlySet<string> = new Set(['disconnected', 'failed', 'stopped']);
const ENDING: ReadonlySet<string> = new Set(['disconnecting', 'draining']);

const changeText = ({ from, to }: Change): string => `from ${from} to ${to}`;

const timeText = (ms: number): string => (ms < 60_000 ? formatMs(ms) : formatDuration(ms));

/** Leaves out attempts to connect that failed during an outage: how many there are is a matter of chance. */
export function withoutFailedAttempts<Step extends Change>(changes: readonly Step[]): Step[] {
  const kept: Step[] = [];
  for (const change of changes) {
    const hasFailed =
      change.to === 'reconnecting' && kept.at(-1)?.to === 'connecting' && kept.at(-1)?.from === 'reconnecting';
    if (hasFailed) kept.pop();
    else kept.push(change);
  }
  return kept;
}

export class StateFollower {
  readonly #noun: string;
  readonly #expected: readonly RecordedState[];
  readonly #beginsAt: string | null;
  readonly #changes: Change[] = [];
  /** Whether the states until the recording begins are over. */
  #hasBegun: boolean;
  #difference: Difference | null = null;

  constructor({ noun, states, beginsAt }: FollowedStates) {
    this.#noun = noun;
    this.#expected = withoutFailedAttempts(states);
    this.#beginsAt = beginsAt;
    this.#hasBegun = beginsAt === null;
  }

  get difference(): Difference | null {
    return this.#difference;
  }

  /** The number of recorded changes. */
  get total(): number {
    return this.#expected.length;
  }

  /** Whether all recorded changes were seen, or a difference. */
  get isOver(): boolean {
    return this.#difference !== null || (this.#hasBegun && this.#seen >= this.#expected.length);
  }

  /** What the user did next; `null` if the state has to change by other means. */
  get userStep(): UserStep | null {
    const next = this.#expected[this.#seen];
    if (!this.#hasBegun)
      return this.#changes.length === 0 ? { method: 'connect', change: 0, afterMs: 0, delayMs: 0 } : null;
    if (next === undefined || this.#difference !== null) return null;
    const { from, to, afterMs } = next;
    const delayMs = Math.max(0, afterMs - (this.#expected[this.#seen - 1]?.afterMs ?? 0));
    const step = { change: this.#seen + 1, afterMs, delayMs };
    // A manager that stops because all its shards failed ends in `failed`.
    if (ENDING.has(to))
      return this.#expected[this.#seen + 1]?.to === 'failed' ? null : { method: 'disconnect', ...step };
    return REST.has(from) || (from === 'running' && to === 'starting') ? { method: 'connect', ...step } : null;
  }

  /** Returns when the last change before a time was recorded; `null` as long as not all of them were seen. */
  lastBefore(timeMs: number): number | null {
    const before = this.#expected.filter(({ afterMs }) => afterMs < timeMs);
    const hasSeenAll = this.#difference !== null || (this.#hasBegun && this.#seen >= before.length);
    return hasSeenAll ? (before.at(-1)?.afterMs ?? 0) : null;
  }

  /** The state has changed. */
  changed(change: Change): void {
    if (this.isOver) return;
    this.#changes.push(change);
    if (!this.#hasBegun) {
      this.#hasBegun = change.to === this.#beginsAt;
      if (this.#hasBegun) this.#changes.length = 0;
      return;
    }
    const changes = withoutFailedAttempts(this.#changes);
    const index = changes.findIndex(({ from, to }, n) => {
      const recorded = this.#expected[n];
      return recorded !== undefined && (recorded.from !== from || recorded.to !== to);
    });
    const replayed = changes[index];
    if (replayed !== undefined) this.#difference = this.#differenceAt(index, replayed);
  }

  /** No more will happen. */
  ended(): void {
    if (!this.isOver) this.#difference = this.#differenceAt(this.#seen, null);
  }

  get #seen(): number {
    return this.#hasBegun ? withoutFailedAttempts(this.#changes).length : 0;
  }

  #differenceAt(index: number, replayed: Change | null): Difference {
    const { from, to, afterMs } = this.#expected[index] ?? { from: 'disconnected', to: 'ready', afterMs: 0 };
    const recorded = { from, to };
    const did = replayed === null ? `stayed in ${this.#changes.at(-1)?.to ?? from}` : `went ${changeText(replayed)}`;
    const text = `change ${index + 1} of ${this.total}, ${timeText(afterMs)} after the recording began: the recorded ${this.#noun} went ${changeText(recorded)}, and this version ${did}`;
    return { change: index + 1, afterMs, recorded, replayed, text: printable(text) };
  }
}
