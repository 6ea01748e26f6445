/** The session store of one place, as one process uses it. Conditions make it slow or broken. */
import { GatewayError } from '../src/index.ts';
import type { ClaimOptions, Session, SessionLease, SessionStore } from '../src/index.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export class SimStore implements SessionStore {
  readonly #proc: SimulatedProcess;

  constructor(proc: SimulatedProcess) {
    this.#proc = proc;
  }

  load(shardId: number): Promise<Session | null> {
    const { place, world } = this.#proc;
    return this.#attempt('load', shardId, () => {
      const session = place.stored.get(shardId) ?? null;
      world.eventLog.record('store.loaded', { proc: this.#proc, shardId, session });
      return session;
    });
  }

  claim(shardId: number, { takeOver = false }: ClaimOptions): Promise<SessionLease> {
    return this.#attempt('claim', shardId, () => {
      const { eventLog } = this.#proc.world;
      const { owners } = this.#proc.place;
      const last = owners.get(shardId);
      const isOwned = last !== undefined && last.proc !== null && !last.proc.isOver;
      if (isOwned && !takeOver) {
        eventLog.record('store.refused', { proc: this.#proc, shardId, what: 'claim' });
        throw new GatewayError('SESSION_IN_USE', 'a process that runs has it');
      }
      const fence = (last?.fence ?? 0) + 1;
      owners.set(shardId, { proc: this.#proc, fence });
      eventLog.record('store.claimed', { proc: this.#proc, shardId, fence, isTakeOver: isOwned });
      const release = async (): Promise<void> => {
        if (owners.get(shardId)?.fence === fence) owners.set(shardId, { proc: null, fence });
      };
      return { fence, release };
    });
  }

  #assertHeld(shardId: number, lease: SessionLease | undefined): void {
    const owner = this.#proc.place.owners.get(shardId);
    if (lease !== undefined && owner?.proc === this.#proc && owner.fence === lease.fence) return;
    const what = lease !== undefined && owner?.proc === this.#proc ? 'late write' : 'write';
    this.#proc.world.eventLog.record('store.refused', { proc: this.#proc, shardId, what });
    throw new GatewayError('SESSION_IN_USE', 'another process has it');
  }

  save(session: Session, lease?: SessionLease): Promise<void> {
    const { place, world } = this.#proc;
    world.eventLog.record('store.saving', { proc: this.#proc, session, fence: lease?.fence ?? null });
    return this.#attempt('save', session.shardId, () => {
      this.#assertHeld(session.shardId, lease);
      place.stored.set(session.shardId, { ...session });
    });
  }

  clear(shardId: number, lease?: SessionLease): Promise<void> {
    const { place, world } = this.#proc;
    world.eventLog.record('store.clearing', { proc: this.#proc, shardId, fence: lease?.fence ?? null });
    return this.#attempt('clear', shardId, () => {
      this.#assertHeld(shardId, lease);
      place.stored.delete(shardId);
    });
  }

  #attempt<T>(what: string, shardId: number, act: () => T): Promise<T> {
    const { eventLog } = this.#proc.world;
    if (this.#proc.isOver) return new Promise(() => undefined);
    const call = { proc: this.#proc, what, shardId, id: this.#proc.place.nextId() };
    eventLog.record('store.began', call);
    const end = (): void => eventLog.record('store.ended', call);
    try {
      const attempt = this.#call(what, act);
      attempt.then(end, end);
      return attempt;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** A write that an ended process had begun does not happen. */
  #call<T>(what: string, act: () => T): Promise<T> {
    const run = (): Promise<T> => new Promise((resolve) => resolve(act()));
    const { conditions, clock, eventLog } = this.#proc.world;
    const throws = conditions.get('storeThrows') !== undefined;
    const hangs = conditions.get('storeHangs') !== undefined;
    if (throws || hangs)
      eventLog.record('store.failed', { proc: this.#proc, what: `${what} ${throws ? 'throws' : 'hangs'}` });
    if (throws && clock.now() % 2 < 1) throw new Error('the disk is full');
    if (throws) return Promise.reject(new Error('the disk is full'));
    if (hangs) return new Promise(() => undefined);
    const slowMs = conditions.get('slowStore');
    if (slowMs === undefined) return run();
    return new Promise((resolve) => {
      clock.scheduleInProcess(() => {
        if (!this.#proc.isOver) resolve(run());
      }, slowMs);
    });
  }
}
