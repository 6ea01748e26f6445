/** The session store of one place, as one process uses it. Conditions make it slow or broken. */
import type { Session, SessionStore } from '../src/index.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export class SimStore implements SessionStore {
  readonly #proc: SimulatedProcess;

  constructor(proc: SimulatedProcess) {
    this.#proc = proc;
  }

  load(shardId: number): Promise<Session | null> {
    const { place, world } = this.#proc;
    return this.#attempt('load', () => {
      const session = place.stored.get(shardId) ?? null;
      world.eventLog.record('store.loaded', { proc: this.#proc, shardId, session });
      return session;
    });
  }

  save(session: Session): Promise<void> {
    const { place, world } = this.#proc;
    world.eventLog.record('store.saving', { proc: this.#proc, session });
    return this.#attempt('save', () => {
      place.stored.set(session.shardId, { ...session });
    });
  }

  clear(shardId: number): Promise<void> {
    const { place, world } = this.#proc;
    world.eventLog.record('store.clearing', { proc: this.#proc, shardId });
    return this.#attempt('clear', () => {
      place.stored.delete(shardId);
    });
  }

  /** A write that an ended process had begun does not happen. */
  #attempt<T>(what: string, act: () => T): Promise<T> {
    const { conditions, clock, eventLog } = this.#proc.world;
    if (this.#proc.isOver) return new Promise(() => undefined);
    const throws = conditions.get('storeThrows') !== undefined;
    const hangs = conditions.get('storeHangs') !== undefined;
    if (throws || hangs)
      eventLog.record('store.failed', { proc: this.#proc, what: `${what} ${throws ? 'throws' : 'hangs'}` });
    if (throws && clock.now() % 2 < 1) throw new Error('the disk is full');
    if (throws) return Promise.reject(new Error('the disk is full'));
    if (hangs) return new Promise(() => undefined);
    const slowMs = conditions.get('slowStore');
    if (slowMs === undefined) return Promise.resolve(act());
    return new Promise((resolve) => {
      clock.scheduleInProcess(() => {
        if (!this.#proc.isOver) resolve(act());
      }, slowMs);
    });
  }
}
