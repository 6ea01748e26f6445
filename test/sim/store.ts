/** The store of one place as one life sees it: it outlives lives, and is as slow and as broken as the weather. */
import type { Session, SessionStore } from '../../src/index.ts';
import type { User } from './user.ts';

export class SimStore implements SessionStore {
  readonly #life: User;

  constructor(life: User) {
    this.#life = life;
  }

  load(shardId: number): Promise<Session | null> {
    const { slot, world } = this.#life;
    return this.#when('load', () => {
      const session = slot.stored.get(shardId) ?? null;
      world.chronicle.tell('store.loaded', { life: this.#life, shardId, session });
      return session;
    });
  }

  save(session: Session): Promise<void> {
    const { slot, world } = this.#life;
    world.chronicle.tell('store.saving', { life: this.#life, session });
    return this.#when('save', () => {
      slot.stored.set(session.shardId, { ...session });
    });
  }

  clear(shardId: number): Promise<void> {
    const { slot, world } = this.#life;
    world.chronicle.tell('store.clearing', { life: this.#life, shardId });
    return this.#when('clear', () => {
      slot.stored.delete(shardId);
    });
  }

  /** What a dead process had not written is not written. */
  #when<T>(what: string, act: () => T): Promise<T> {
    const { weather, clock, chronicle } = this.#life.world;
    if (this.#life.isOver) return new Promise(() => undefined);
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
