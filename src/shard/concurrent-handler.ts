/**
 * A handler that takes time: it handles several dispatches at once, but those of one key one after the other. What it
 * can't take yet waits, and counts as a slow consumer of `dispatches()` does.
 */
import { BufferLevel, DEFAULT_HIGH_WATER_MARK } from './buffer-level.ts';
import type { BufferLevelCallbacks } from './buffer-level.ts';
import type { CallWatch } from './call-watch.ts';
import { DispatchFifo, lowerSequence } from './dispatch-fifo.ts';
import type { BufferedItem } from './dispatch-fifo.ts';
import { isThenable } from './emitter.ts';

/** The dispatches of one key. While one of them is handled, the others wait. */
class Lane<Item extends BufferedItem> {
  /** `null` for a single dispatch that waits for no other. */
  readonly key: string | null;
  readonly waiting = new DispatchFifo<Item>();

  constructor(key: string | null) {
    this.key = key;
  }
}

export interface ConcurrentHandlerOptions<Item extends BufferedItem> extends BufferLevelCallbacks {
  readonly concurrency: number;
  /** Calls the user's function. */
  call(item: Item): unknown;
  /** Returns the key of a dispatch; does not throw. */
  keyOf(item: Item): string | null;
  /** Called when the user's function has thrown, or its promise has rejected. */
  onThrow(cause: unknown): void;
  /** Returns whether no call may start. */
  isHeld(): boolean;
  /** Notices calls that run for long. */
  readonly calls: CallWatch;
}

export class ConcurrentHandler<Item extends BufferedItem> {
  readonly #options: ConcurrentHandlerOptions<Item>;
  readonly #level: BufferLevel;
  /** The keys of which a dispatch waits or is handled. */
  readonly #lanes = new Map<string, Lane<Item>>();
  /** The lanes whose first dispatch waits only for its turn, the longest wait first. */
  readonly #ready = new Set<Lane<Item>>();
  #running = 0;
  #isClosed = false;

  constructor(options: ConcurrentHandlerOptions<Item>) {
    this.#options = options;
    this.#level = new BufferLevel(options, DEFAULT_HIGH_WATER_MARK);
  }

  get isFull(): boolean {
    return this.#level.isFull;
  }

  /** Handles a dispatch at once if its key and `concurrency` allow it, else later. Does not throw. */
  push(item: Item): void {
    if (this.#isClosed) return;
    const key = this.#options.keyOf(item);
    const known = key === null ? undefined : this.#lanes.get(key);
    const lane = known ?? new Lane<Item>(key);
    if (known === undefined) {
      if (key !== null) this.#lanes.set(key, lane);
      if (this.#ready.size === 0 && this.#mayStart) {
        this.#running += 1;
        return this.#run(lane, item);
      }
      this.#ready.add(lane);
    }
    lane.waiting.push(item);
    this.#level.add(item.dispatch);
  }

  /** Starts as many calls as may run. */
  pump(): void {
    for (const lane of this.#ready) {
      if (!this.#mayStart) return;
      this.#ready.delete(lane);
      const item = lane.waiting.shift();
      if (item === undefined) continue;
      this.#running += 1;
      this.#level.remove(item.dispatch);
      this.#run(lane, item);
    }
  }

  /** Drops what waits. The calls that run go on. */
  close(): void {
    this.#isClosed = true;
    for (const lane of this.#lanes.values()) lane.waiting.clear();
    this.#lanes.clear();
    this.#ready.clear();
    this.#level.clear();
  }

  /** Drops what waits and matches: another process handles it. The calls that run go on. */
  remove(matches: (item: Item) => boolean): void {
    for (const lane of new Set([...this.#lanes.values(), ...this.#ready])) {
      for (const { dispatch } of lane.waiting.remove(matches)) this.#level.remove(dispatch);
      // A lane that is not ready has a call that runs, which ends the lane.
      if (lane.waiting.size === 0 && this.#ready.delete(lane) && lane.key !== null) this.#lanes.delete(lane.key);
    }
  }

  /** Returns the lowest sequence that waits. */
  lowestSequence(matches: (item: Item) => boolean): number | null {
    let lowest: number | null = null;
    // A lane with a key may be in both.
    for (const lanes of [this.#lanes.values(), this.#ready])
      for (const { waiting } of lanes) lowest = lowerSequence(lowest, waiting.lowestSequence(matches));
    return lowest;
  }

  get #mayStart(): boolean {
    return this.#running < this.#options.concurrency && !this.#options.isHeld();
  }

  /** The caller has counted the call. */
  #run(lane: Lane<Item>, item: Item): void {
    try {
      const result = this.#options.call(item);
      if (isThenable(result)) {
        this.#options.calls.start(item);
        // A promise of another library may settle twice, or call back at once.
        void Promise.resolve(result).then(
          () => this.#finish(lane, item),
          (cause: unknown) => {
            this.#options.onThrow(cause);
            this.#finish(lane, item);
          },
        );
        return;
      }
    } catch (cause) {
      this.#options.onThrow(cause);
    }
    this.#release(lane);
  }

  #finish(lane: Lane<Item>, item: Item): void {
    this.#options.calls.end(item);
    this.#release(lane);
    this.pump();
  }

  #release(lane: Lane<Item>): void {
    this.#running -= 1;
    if (lane.waiting.size > 0) this.#ready.add(lane);
    else if (lane.key !== null && this.#lanes.get(lane.key) === lane) this.#lanes.delete(lane.key);
  }
}
