/**
 * Holds dispatches back while a node does not know whether its shards are still its own, and keeps the shards from
 * connecting. What is held back does not count as delivered, so it is never in the session that is stored.
 */
import type { Dispatch } from '../../protocol/packets.ts';
import type { BufferedSession } from '../reshard/session-buffer.ts';
import { STOPPED_STATES } from '../shard-handle.ts';
import type { ShardHandle } from '../shard-handle.ts';
import type { ShardSet } from '../shard-set.ts';

interface HeldBackOptions {
  readonly current: () => ShardSet | null;
  readonly deliver: (entry: BufferedSession, dispatch: Dispatch) => void;
}

export class HeldBack {
  readonly #options: HeldBackOptions;
  /** `null` while dispatches are delivered. */
  #dispatches: { readonly entry: BufferedSession; readonly dispatch: Dispatch }[] | null = null;
  /** How to start the shards again that had no connection that they could leave. */
  readonly #restarts = new Map<ShardHandle, () => void>();

  constructor(options: HeldBackOptions) {
    this.#options = options;
  }

  get isHolding(): boolean {
    return this.#dispatches !== null;
  }

  /** Returns whether a dispatch is held back. */
  take(entry: BufferedSession, dispatch: Dispatch): boolean {
    this.#dispatches?.push({ entry, dispatch });
    return this.isHolding;
  }

  begin(): void {
    const set = this.#options.current();
    if (this.isHolding || set === null) return;
    this.#dispatches = [];
    set.sessionBuffer.isFrozen = true;
    for (const handle of set.handles.values()) {
      if (handle.state === 'ready') handle.setBufferFull('suspended');
      else if (!STOPPED_STATES.has(handle.state)) this.#restarts.set(handle, set.interrupt(handle));
    }
  }

  /** Delivers what was held back of the shards that are still here, and lets these connect. */
  end(): void {
    const dispatches = this.#dispatches ?? [];
    const restarts = new Map(this.#restarts);
    const set = this.#options.current();
    this.drop();
    if (set === null) return;
    for (const { entry, dispatch } of dispatches)
      if (set.sessionBuffer.has(entry)) this.#options.deliver(entry, dispatch);
    for (const handle of set.handles.values()) {
      handle.setBufferFull(null);
      restarts.get(handle)?.();
    }
  }

  /** Forgets what was held back. */
  drop(): void {
    this.#dispatches = null;
    this.#restarts.clear();
    const set = this.#options.current();
    if (set !== null) set.sessionBuffer.isFrozen = false;
  }
}
