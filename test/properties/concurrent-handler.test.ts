/** Compares a concurrent handler with its rules: order per key, no more calls at once than allowed, each item once. */
import { deepEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LazyDispatch } from '../../src/decoding/lazy-dispatch.ts';
import type { Dispatch } from '../../src/protocol/packets.ts';
import { BufferBudget } from '../../src/shard/buffer-budget.ts';
import { CallWatch } from '../../src/shard/call-watch.ts';
import { ConcurrentHandler } from '../../src/shard/concurrent-handler.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { checkProperty, pick, runScript, script, step, turn } from './kit.ts';

const BYTES = 10;

interface Item {
  readonly dispatch: Dispatch;
  readonly key: string | null;
}

class HandlerModel {
  readonly budget = new BufferBudget(1_000_000, { onTightChange: () => undefined, onRoom: () => undefined });
  readonly pushed: Item[] = [];
  readonly started: Item[] = [];
  /** How each call that runs is ended. */
  readonly running = new Map<Item, { resolve(): void; reject(cause: unknown): void }>();
  readonly #thrown: unknown[] = [];
  #failed = 0;
  #isHeld = false;
  #isClosed = false;
  /** What had been pushed when the handler was closed. */
  #startedAtClose = 0;
  readonly #concurrency: number;
  readonly handler: ConcurrentHandler<Item>;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
    this.handler = new ConcurrentHandler<Item>({
      budget: this.budget,
      onPressureChange: () => undefined,
      concurrency,
      keyOf: ({ key }) => key,
      call: (item) => this.#call(item),
      onThrow: (cause) => void this.#thrown.push(cause),
      isHeld: () => this.#isHeld,
      calls: new CallWatch({ clock: new VirtualClock(), limitMs: 1_000, onSlow: () => undefined }),
    });
  }

  push(key: string | null): void {
    const packet = Buffer.alloc(BYTES);
    const dispatch = LazyDispatch.decoded('WANTED', this.pushed.length + 1, {}, packet, null) as Dispatch;
    const item = { dispatch, key };
    if (!this.#isClosed) this.pushed.push(item);
    this.handler.push(item);
  }

  finish(which: number, how: 'resolve' | 'reject'): void {
    const item = pick([...this.running.keys()], which);
    if (item === undefined) return;
    const call = this.running.get(item);
    this.running.delete(item);
    if (how === 'reject') this.#failed += 1;
    call?.[how](new Error('as the script says'));
  }

  setHeld(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.handler.pump();
  }

  close(): void {
    if (!this.#isClosed) this.#startedAtClose = this.started.length;
    this.#isClosed = true;
    this.handler.close();
  }

  async check(): Promise<void> {
    await turn();
    const waiting = this.#isClosed ? [] : this.pushed.filter((item) => !this.started.includes(item));
    ok(this.running.size <= this.#concurrency);
    deepEqual(new Set(this.started).size, this.started.length);
    deepEqual(this.#thrown.length, this.#failed);
    deepEqual(this.budget.bytes, waiting.length * BYTES);
    deepEqual(
      this.handler.lowestSequence(() => true),
      waiting.length === 0 ? null : Math.min(...waiting.map(({ dispatch }) => dispatch.s)),
    );
    if (this.#isClosed) deepEqual(this.started.length, this.#startedAtClose);
    for (const key of ['a', 'b', 'c']) {
      const inOrder = (items: readonly Item[]): number[] =>
        items.filter((item) => item.key === key).map(({ dispatch }) => dispatch.s);
      deepEqual(inOrder(this.started), inOrder(this.pushed).slice(0, inOrder(this.started).length));
      ok(inOrder([...this.running.keys()]).length <= 1);
    }
    // Nothing waits without a reason: all calls are in use, or its key is.
    if (this.#isHeld || this.running.size === this.#concurrency) return;
    const busy = new Set([...this.running.keys()].map(({ key }) => key));
    deepEqual(
      waiting.filter(({ key }) => key === null || !busy.has(key)),
      [],
    );
  }

  #call(item: Item): Promise<void> | undefined {
    this.started.push(item);
    // Every fifth call returns no promise.
    if (item.dispatch.s % 5 === 0) return undefined;
    return new Promise((resolve, reject) => this.running.set(item, { resolve, reject }));
  }
}

const steps = [
  fc.constantFrom('a', 'a', 'b', 'c', null).map((key) => step<HandlerModel>(`push ${key}`, (model) => model.push(key))),
  fc.constantFrom('a', null).chain((key) =>
    fc.integer({ min: 2, max: 6 }).map((count) =>
      step<HandlerModel>(`push ${key} × ${count}`, (model) => {
        for (let left = count; left > 0; left -= 1) model.push(key);
      }),
    ),
  ),
  fc
    .constantFrom('resolve', 'reject', 'resolve')
    .chain((how) =>
      fc.nat(5).map((which) => step<HandlerModel>(`${how} ${which}`, (model) => model.finish(which, how))),
    ),
  fc.boolean().map((isHeld) => step<HandlerModel>(`held: ${isHeld}`, (model) => model.setHeld(isHeld))),
  fc.constant(step<HandlerModel>('check', (model) => model.check())),
];

describe('ConcurrentHandler', () => {
  test('keeps the order of each key, starts each dispatch once, and no more calls at once than allowed', async () => {
    const close = fc.constant(step<HandlerModel>('close', (model) => model.close()));
    const scripts = fc.tuple(script(steps, 40), script([...steps, close], 20));
    const runs = await checkProperty(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), scripts, async (concurrency, [before, after]) => {
        const model = new HandlerModel(concurrency);
        await runScript(model, before);
        await model.check();
        await runScript(model, after);
        await model.check();
      }),
      200,
    );
    expect(runs).toBe(200);
  });
});
