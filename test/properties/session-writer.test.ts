/** The keeper of a session over a store that is slow, fails, or throws: the store ends up with the last word. */
import { deepEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { SessionWriter } from '../../src/session/session-writer.ts';
import type { Session } from '../../src/session/session.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { aSession } from '../kit/session-store-conformance.ts';
import { held, play, script, step, turn } from './kit.ts';

/** What a store is told: the sequence to save, or `null` to forget. */
type StoreWrite = number | null;

/** A store whose writes end when the script says so. */
class SlowStore implements SessionStore {
  readonly begun: StoreWrite[] = [];
  stored: StoreWrite = null;
  failures = 0;
  /** How many of the next writes throw instead of giving a promise. */
  throws = 0;
  #writing: { word: StoreWrite; end: PromiseWithResolvers<void> } | null = null;

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
      this.failures += 1;
      return writing.end.reject(new Error('the test said so'));
    }
    this.stored = writing.word;
    writing.end.resolve();
  }

  #begin(word: StoreWrite): Promise<void> {
    this.begun.push(word);
    deepEqual(this.#writing, null, 'two writes at once');
    if (this.throws > 0) {
      this.throws -= 1;
      this.failures += 1;
      throw new Error('the test said so');
    }
    const end = Promise.withResolvers<void>();
    this.#writing = { word, end };
    return end.promise;
  }
}

class SessionWriterModel {
  readonly store = new SlowStore();
  /** Everything the keeper was told, in order. */
  readonly requested: StoreWrite[] = [];
  /** Loads that are not answered. */
  loading = 0;
  faults = 0;
  readonly writer = new SessionWriter(this.store, ({ code }) => {
    deepEqual(code, 'SESSION_STORE_FAILED');
    this.faults += 1;
  });

  request(word: StoreWrite): void {
    this.requested.push(word);
    if (word === null) this.writer.clear(0);
    else this.writer.save(aSession({ sequence: word }));
  }

  /** The store comes round, and keeps the last word: no matter how often it failed before. */
  async settle(): Promise<void> {
    let isSettled = false;
    void this.writer.flushed().then(() => (isSettled = true));
    // One write that is under way, and one that waits for it.
    for (let left = 2; left > 0; left -= 1) {
      this.store.end(true);
      await turn();
    }
    deepEqual({ isSettled, begun: this.store.begun.at(-1) }, { isSettled: true, begun: this.requested.at(-1) });
  }

  /** A store hears words in the order they were said, some of them left out, and each once. */
  checkOrder(): void {
    let from = 0;
    for (const word of this.store.begun) {
      const at = this.requested.indexOf(word, from);
      deepEqual(at >= from, true, `${word} came after something newer`);
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

it('the last word reaches the store, older ones never after newer, and settled() settles', async () => {
  const runs = await held(
    fc.asyncProperty(script(steps, 40), async (commands) => {
      const model = new SessionWriterModel();
      await play(model, commands);
      model.store.throws = 0;
      await model.settle();
      model.checkOrder();
      model.request(1_000);
      await model.settle();
      deepEqual([model.store.stored, model.loading, model.faults], [1_000, 0, model.store.failures]);
    }),
    200,
  );
  expect(runs).toBe(200);
});
