/** A shard for as long as it is in one thread: what it was asked there, and what it asks of this one. */
import type { IdentifyGate } from '../../actors/identify-gate.ts';
import type { Session } from '../../session/session.ts';
import type { SessionStore } from '../../session/session-store.ts';
import type { Call } from './call.ts';
import type { ShardOrder, Telling, ToThread } from './messages.ts';
import { packError, unpackGatewayError } from './packed-error.ts';
import { Permits } from './permits.ts';
import type { Resident, WorkerThread } from './worker-thread.ts';

/** What concerns nobody but the shard's owner. */
export type News = Exclude<Telling, { kind: 'ask' | 'permit' | 'settled' }>;

interface Owner {
  hear(news: News): void;
  /** @param packet - its own, and good until this returns */
  dispatch(packet: Buffer, sequence: number | null, now: number): void;
  /** All is told that belongs together. */
  tidy(): void;
}

interface Parts {
  readonly thread: WorkerThread;
  readonly order: ShardOrder;
  readonly store: SessionStore;
  readonly gate: IdentifyGate;
  readonly owner: Owner;
}

type Unkeyed = ToThread extends infer M ? (M extends { readonly key: number } ? Omit<M, 'key'> : never) : never;

let keys = 0;
let calls = 0;

export class RemoteShard implements Resident {
  readonly key: number;
  readonly #parts: Parts;
  readonly #calls = new Map<number, Call>();
  readonly #permits: Permits;

  constructor(parts: Parts) {
    keys += 1;
    this.key = keys;
    this.#parts = parts;
    const { thread, order, gate } = parts;
    this.#permits = new Permits({
      shardId: order.shardId,
      gate,
      answer: (id, error) => this.#answer(id, null, error),
      budgetSpent: (id, retryAfterMs) => thread.post({ type: 'budgetSpent', id, retryAfterMs }),
    });
    thread.add(this);
    this.post({ type: 'create', order });
  }

  get isBusy(): boolean {
    return this.#calls.size > 0;
  }

  perform(call: Call): void {
    calls += 1;
    const id = calls;
    this.#calls.set(id, call);
    const { method, args } = call;
    this.post({ type: 'call', id, method, args });
    call.listen(() => this.#parts.thread.post({ type: 'abort', id }));
  }

  post(message: Unkeyed): void {
    this.#parts.thread.post({ ...message, key: this.key });
  }

  take(telling: Telling): void {
    if (telling.kind === 'settled') this.#settled(telling);
    else if (telling.kind === 'permit') this.#permits[telling.what](telling.id);
    else if (telling.kind !== 'ask') this.#parts.owner.hear(telling);
    else if (telling.what === 'permit') this.#permits.ask(telling.id);
    else void this.#load(telling.id);
  }

  dispatch(packet: Buffer, sequence: number | null, now: number): void {
    this.#parts.owner.dispatch(packet, sequence, now);
  }

  tidy(): void {
    this.#parts.owner.tidy();
  }

  /** It is no longer listened to. Gives the calls that have no answer. */
  leave(): Call[] {
    this.post({ type: 'drop' });
    this.#parts.thread.remove(this);
    this.#permits.close();
    const open = [...this.#calls.values()];
    this.#calls.clear();
    return open;
  }

  #settled({ id, value, error }: Extract<Telling, { kind: 'settled' }>): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === null) call?.resolve(value);
    else call?.reject(unpackGatewayError(error));
  }

  async #load(id: number): Promise<void> {
    const { store, order } = this.#parts;
    try {
      this.#answer(id, await store.load(order.shardId), null);
    } catch (error) {
      this.#answer(id, null, error);
    }
  }

  #answer(id: number, session: Session | null, error: unknown): void {
    this.#parts.thread.post({ type: 'answer', id, session, error: error === null ? null : packError(error) });
  }
}
