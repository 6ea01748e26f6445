/** The functions of the user that a consumer calls with deliveries: by event name, and for all events. */
import { assertDispatchName, assertListener } from '../../protocol/event-names.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import { isThenable } from '../../shard/emitter.ts';
import type { Delivery } from './delivery.ts';

export type DeliveryHandler = (data: never, delivery: never) => unknown;
export type AnyDispatchListener = (dispatch: Dispatch, shardId: number) => unknown;

type Handler = (delivery: Delivery) => unknown;

export class ConsumerHandlers {
  /** The lists are replaced, never changed, so that a call can iterate while handlers come and go. */
  readonly #byType = new Map<string, readonly Handler[]>();
  #forAll: readonly { readonly listener: AnyDispatchListener; readonly handler: Handler }[] = [];
  readonly #onChange: () => void;

  /** @param onChange - called when a handler was added or removed */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get isEmpty(): boolean {
    return this.#byType.size === 0 && this.#forAll.length === 0;
  }

  has(type: string): boolean {
    return this.#forAll.length > 0 || this.#byType.has(type);
  }

  /** Adds a handler of one event. Returns the function that removes it. */
  add(type: string, listener: DeliveryHandler): () => void {
    assertDispatchName(type);
    assertListener(type, listener);
    const call = listener as (data: unknown, delivery: Delivery) => unknown;
    const handler: Handler = (delivery) => call(delivery.dispatch.d, delivery);
    this.#byType.set(type, [...(this.#byType.get(type) ?? []), handler]);
    this.#onChange();
    return () => {
      const others = (this.#byType.get(type) ?? []).filter((other) => other !== handler);
      if (others.length > 0) this.#byType.set(type, others);
      else this.#byType.delete(type);
      this.#onChange();
    };
  }

  addForAll(listener: AnyDispatchListener): void {
    assertListener('dispatch', listener);
    this.#forAll = [...this.#forAll, { listener, handler: ({ dispatch, shardId }) => listener(dispatch, shardId) }];
    this.#onChange();
  }

  removeForAll(listener: AnyDispatchListener): void {
    const index = this.#forAll.findLastIndex((each) => each.listener === listener);
    if (index !== -1) this.#forAll = this.#forAll.toSpliced(index, 1);
    this.#onChange();
  }

  /** Calls all handlers of a delivery. Throws or rejects with the first error, after all have settled. */
  call(delivery: Delivery): unknown {
    const byType = this.#byType.get(delivery.dispatch.t) ?? [];
    const handlers = this.#forAll.length === 0 ? byType : [...byType, ...this.#forAll.map(({ handler }) => handler)];
    const [first] = handlers;
    return handlers.length === 1 ? first?.(delivery) : callAll(handlers, delivery);
  }
}

async function callAll(handlers: readonly Handler[], delivery: Delivery): Promise<void> {
  const calls = handlers.map(async (handler) => {
    const result = handler(delivery);
    if (isThenable(result)) await result;
  });
  const failed = (await Promise.allSettled(calls)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
