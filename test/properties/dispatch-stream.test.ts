/** Compares a stream of dispatches with a plain list, and its back-pressure with the expected one. */
import { deepEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { LazyDispatch } from '../../src/decoding/lazy-dispatch.ts';
import type { CustomEventName, Dispatch } from '../../src/protocol/packets.ts';
import { BufferBudget } from '../../src/shard/buffer-budget.ts';
import { DispatchStream } from '../../src/shard/dispatcher.ts';
import { checkProperty, runScript, script, step, turn } from './kit.ts';

/** A sequence, the code of an error, `done` or `waiting`. */
type Outcome = number | string;

const MAX_BYTES = 120;
const bytesOf = (sequence: number): number => 5 + (sequence % 11);

class DispatchStreamModel {
  /** How often each level of the budget has changed, as the owner was notified. */
  readonly notified = { tight: 0, room: 0 };
  /** The expected changes. */
  readonly expected = { tight: 0, room: 0 };
  isTight = false;
  isExceeded = false;
  readonly budget = new BufferBudget(MAX_BYTES, {
    onTightChange: () => void (this.notified.tight += 1),
    onRoom: () => void (this.notified.room += 1),
  });
  /** The state as the owner was notified of it. */
  isPressured = false;
  isClosed = false;
  /** The expected state. */
  readonly buffered: number[] = [];
  readonly calls: { expected: Outcome; outcome: Outcome }[] = [];
  isFull = false;
  /** The outcome of `next()` on an empty buffer: `waiting` until the stream has ended. */
  end: Outcome = 'waiting';
  sequence = 0;
  readonly abort = new AbortController();
  readonly stream: DispatchStream;
  readonly #highWaterMark: number;

  constructor(highWaterMark: number) {
    this.#highWaterMark = highWaterMark;
    const owner = {
      budget: this.budget,
      onPressureChange: (): void => void (this.isPressured = this.stream.isFull),
      onClosed: (): void => void (this.isClosed = true),
    };
    this.stream = new DispatchStream(owner, {
      signal: this.abort.signal,
      events: ['WANTED' as CustomEventName],
      highWaterMark,
    });
  }

  push(t: string): void {
    this.sequence += 1;
    if (t === 'WANTED' && this.end === 'waiting') {
      const first = this.calls.find(({ expected }) => expected === 'waiting');
      if (first !== undefined) first.expected = this.sequence;
      else this.buffered.push(this.sequence);
      if (this.buffered.length >= this.#highWaterMark) this.isFull = true;
    }
    const packet = Buffer.alloc(bytesOf(this.sequence));
    this.stream.push(LazyDispatch.decoded(t, this.sequence, {}, packet, null) as Dispatch, null);
    this.#measure();
  }

  /** What waits in a stream that has not ended. */
  get bytes(): number {
    return this.end === 'waiting' ? this.buffered.reduce((sum, sequence) => sum + bytesOf(sequence), 0) : 0;
  }

  #measure(): void {
    const { bytes } = this;
    if (bytes > MAX_BYTES) this.isExceeded = true;
    const isTight = bytes > MAX_BYTES / 2 || (this.isTight && bytes > MAX_BYTES / 4);
    if (isTight !== this.isTight) this.expected.tight += 1;
    this.isTight = isTight;
    if (!this.isExceeded || bytes > MAX_BYTES / 2) return;
    this.isExceeded = false;
    this.expected.room += 1;
  }

  next(): void {
    const call = { expected: this.buffered.shift() ?? this.#consumeEnd(), outcome: 'waiting' as Outcome };
    if (this.buffered.length <= this.#highWaterMark / 2) this.isFull = false;
    this.calls.push(call);
    this.#measure();
    this.stream.next().then(
      (result: IteratorResult<Dispatch, undefined>) => (call.outcome = result.done === true ? 'done' : result.value.s),
      (error: GatewayError) => (call.outcome = error.code),
    );
  }

  finish(error: GatewayError | null): void {
    this.#endWith(error?.code ?? 'done');
    this.stream.finish(error);
  }

  return(): void {
    this.buffered.length = 0;
    this.#endWith('done');
    this.end = 'done';
    this.#measure();
    void this.stream.return();
  }

  abortStream(): void {
    if (this.end === 'waiting') this.#endWith('ABORTED');
    else if (this.buffered.length > 0) this.end = 'ABORTED';
    this.buffered.length = 0;
    this.abort.abort();
    this.#measure();
  }

  async check(): Promise<void> {
    await turn();
    deepEqual(
      {
        outcomes: this.calls.map(({ outcome }) => outcome),
        oldest: this.stream.lowestSequenceOf(null),
        isFull: this.stream.isFull,
        isPressured: this.isPressured,
        isClosed: this.isClosed,
        bytes: this.budget.bytes,
        levels: [this.budget.isTight, this.budget.isExceeded],
        notified: this.notified,
      },
      {
        outcomes: this.calls.map(({ expected }) => expected),
        oldest: this.buffered[0] ?? null,
        isFull: this.isFull,
        isPressured: this.isFull,
        isClosed: this.end !== 'waiting' && this.buffered.length === 0,
        bytes: this.bytes,
        levels: [this.isTight, this.isExceeded],
        notified: this.expected,
      },
    );
  }

  /** An error is thrown once. After it, as after any end, the stream is done. */
  #consumeEnd(): Outcome {
    const { end } = this;
    if (end !== 'waiting') this.end = 'done';
    return end;
  }

  #endWith(outcome: Outcome): void {
    if (this.end !== 'waiting') return;
    this.end = outcome;
    this.#measure();
    this.isFull = false;
    for (const call of this.calls) if (call.expected === 'waiting') call.expected = this.#consumeEnd();
  }
}

const steps = [
  fc
    .constantFrom('WANTED', 'WANTED', 'WANTED', 'OTHER')
    .map((t) => step<DispatchStreamModel>(`push ${t}`, (model) => model.push(t))),
  fc.integer({ min: 2, max: 12 }).map((count) =>
    step<DispatchStreamModel>(`push ${count}`, (model) => {
      for (let left = count; left > 0; left -= 1) model.push('WANTED');
    }),
  ),
  fc.integer({ min: 1, max: 8 }).map((count) =>
    step<DispatchStreamModel>(`next × ${count}`, (model) => {
      for (let left = count; left > 0; left -= 1) model.next();
    }),
  ),
  fc.constant(step<DispatchStreamModel>('check', (model) => model.check())),
];
const endings = [
  fc.constant(step<DispatchStreamModel>('finish', (model) => model.finish(null))),
  fc.constant(
    step<DispatchStreamModel>('fail', (model) => model.finish(new GatewayError('INTERNAL_ERROR', 'from the test'))),
  ),
  fc.constant(step<DispatchStreamModel>('return', (model) => model.return())),
  fc.constant(step<DispatchStreamModel>('abort', (model) => model.abortStream())),
];

describe('DispatchStream', () => {
  test('yields every dispatch once and in order, notifies of back-pressure, and closes at its end', async () => {
    const scripts = fc.tuple(script(steps, 30), script([...steps, ...endings], 20));
    const runs = await checkProperty(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), scripts, async (highWaterMark, [before, after]) => {
        const model = new DispatchStreamModel(highWaterMark);
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
