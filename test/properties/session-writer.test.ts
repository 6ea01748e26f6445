/** A session writer over a store that is slow, rejects or throws: in the end the store has the latest write. */
import { deepEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SessionWriter } from '../../src/session/session-writer.ts';
import type { Session } from '../../src/session/session.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { aSession } from '../kit/session-store-conformance.ts';
import { checkProperty, runScript, script, step, turn } from './kit.ts';

/** The sequence to save, or `null` to clear. */
type StoreWrite = number | null;

/** A store whose writes end when the script lets them. */
class SlowStore implements SessionStore {
  readonly writes: StoreWrite[] = [];
  stored: StoreWrite = null;
  /** How many faults its failures make: one for all saves, or all clears, that fail in a row. */
  faults = 0;
  #lastFailure: 'save' | 'clear' | null = null;
  /** How many of the next writes throw instead of returning a promise. */
  throws = 0;
  #writing: { write: StoreWrite; end: PromiseWithResolvers<void> } | null = null;

  async load(): Promise<Session | null> {
    deepEqual(this.#writing, null, 'a load overtook a write');
    return this.stored === null ? null : aSession({ sequence: this.stored });
  }

  save({ sequence }: Session): Promise<void> {
    return this.#begin(sequence);
  }

  clear(): Promise<void> {
    return this.#begin(null);
  }

  end(isGood: boolean): void {
    const writing = this.#writing;
    if (writing === null) return;
    this.#writing = null;
    if (!isGood) {
      this.#recordFailure(writing.write);
      return writing.end.reject(new Error('from the test'));
    }
    this.#lastFailure = null;
    this.stored = writing.write;
    writing.end.resolve();
  }

  #recordFailure(write: StoreWrite): void {
    const failure = write === null ? 'clear' : 'save';
    if (failure !== this.#lastFailure) this.faults += 1;
    this.#lastFailure = failure;
  }

  #begin(write: StoreWrite): Promise<void> {
    this.writes.push(write);
    deepEqual(this.#writing, null, 'two writes at once');
    if (this.throws > 0) {
      this.throws -= 1;
      this.#recordFailure(write);
      throw new Error('from the test');
    }
    const end = Promise.withResolvers<void>();
    this.#writing = { write, end };
    return end.promise;
  }
}

class SessionWriterModel {
  readonly store = new SlowStore();
  /** Everything that was passed to the writer, in order. */
  readonly requested: StoreWrite[] = [];
  /** Loads that have not settled. */
  loading = 0;
  faults = 0;
  readonly writer = new SessionWriter(this.store, ({ code }) => {
    deepEqual(code, 'SESSION_STORE_FAILED');
    this.faults += 1;
  });

  request(write: StoreWrite): void {
    this.requested.push(write);
    if (write === null) this.writer.clear(0);
    else this.writer.save(aSession({ sequence: write }));
  }

  /** The store works again, and gets the latest write, no matter how often it failed before. */
  async settle(): Promise<void> {
    let isSettled = false;
    void this.writer.flushed().then(() => (isSettled = true));
    // One running write, and one pending.
    for (let left = 2; left > 0; left -= 1) {
      this.store.end(true);
      await turn();
    }
    deepEqual(
      { isSettled, lastWrite: this.store.writes.at(-1) },
      { isSettled: true, lastWrite: this.requested.at(-1) },
    );
  }

  /** The store gets writes in the order they were passed, some left out, and each once. */
  checkOrder(): void {
    let from = 0;
    for (const write of this.store.writes) {
      const at = this.requested.indexOf(write, from);
      deepEqual(at >= from, true, `${write} came after something newer`);
      from = at + 1;
    }
  }
}

const steps = [
  fc.constant(step<SessionWriterModel>('save', (model) => model.request(model.requested.length))),
  fc.constant(step<SessionWriterModel>('clear', (model) => model.request(null))),
  fc
    .integer({ min: 1, max: 3 })
    .map((count) =>
      step<SessionWriterModel>(`the next ${count} writes throw`, (model) => void (model.store.throws = count)),
    ),
  fc.boolean().map((isGood) =>
    step<SessionWriterModel>(isGood ? 'the write ends' : 'the write fails', async (model) => {
      model.store.end(isGood);
      await turn();
    }),
  ),
  fc
    .boolean()
    .map((isGood) =>
      step<SessionWriterModel>(isGood ? 'the write ends, at once' : 'the write fails, at once', (model) =>
        model.store.end(isGood),
      ),
    ),
  fc.constant(
    step<SessionWriterModel>('load', (model) => {
      model.loading += 1;
      void model.writer.load(0).then(() => (model.loading -= 1));
    }),
  ),
  fc.constant(step<SessionWriterModel>('turn', () => turn())),
];

describe('SessionWriter', () => {
  test('writes the latest session to the store, never an older one after it, and resolves flushed()', async () => {
    const runs = await checkProperty(
      fc.asyncProperty(script(steps, 40), async (commands) => {
        const model = new SessionWriterModel();
        await runScript(model, commands);
        model.store.throws = 0;
        await model.settle();
        model.checkOrder();
        model.request(1_000);
        await model.settle();
        deepEqual(model.store.stored, 1_000);
        deepEqual(model.loading, 0);
        deepEqual(model.faults, model.store.faults);
      }),
      200,
    );
    expect(runs).toBe(200);
  });
});
