/** The store of one slot as one life sees it: it outlives lives, and is as slow and as broken as the weather. */
import type { Session, SessionStore } from '../../src/index.ts';
import type { Life } from './life.ts';

export class SimStore implements SessionStore {
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  load(): Promise<Session | null> {
    const { slot, world } = this.#life;
    return this.#when('load', () => {
      world.chronicle.tell('store.loaded', { life: this.#life, session: slot.stored });
      return slot.stored;
    });
  }

  save(session: Session): Promise<void> {
    const { slot, world } = this.#life;
    world.chronicle.tell('store.saving', { life: this.#life, session });
    return this.#when('save', () => {
      slot.stored = { ...session };
    });
  }

  clear(): Promise<void> {
    const { slot, world } = this.#life;
    world.chronicle.tell('store.clearing', { life: this.#life });
    return this.#when('clear', () => {
      slot.stored = null;
    });
  }

  /** What a dead process had not written is not written. */
  #when<T>(what: string, act: () => T): Promise<T> {
    const { weather, clock, chronicle } = this.#life.world;
    const throws = weather.get('storeThrows') !== undefined;
    const hangs = weather.get('storeHangs') !== undefined;
    if (throws || hangs) chronicle.tell('store.failed', { life: this.#life, what: `${what} ${throws ? 'throws' : 'hangs'}` });
    if (throws && clock.now() % 2 < 1) throw new Error('the disk is full');
    if (throws) return Promise.reject(new Error('the disk is full'));
    if (hangs) return new Promise(() => undefined);
    const slowMs = weather.get('slowStore');
    if (slowMs === undefined) return Promise.resolve(act());
    return new Promise((resolve) => {
      clock.later(() => {
        if (!this.#life.isOver) resolve(act());
      }, slowMs);
    });
  }
}
