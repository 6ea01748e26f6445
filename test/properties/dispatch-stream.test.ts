/** A stream of dispatches against a list and the set of streams that hold the socket back. */
import { deepEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import type { Dispatch } from '../../src/protocol/packets.ts';
import { DispatchStream } from '../../src/shard/dispatcher.ts';
import { held, play, script, step, turn } from './kit.ts';

/** A sequence, the code of an error, `done` or `waits`. */
type Outcome = number | string;

class DispatchStreamModel {
  /** What the owner knows. */
  isHeldBack = false;
  isClosed = false;
  /** What should be. */
  readonly waiting: number[] = [];
  readonly asked: { expected: Outcome; outcome: Outcome }[] = [];
  isFull = false;
  /** How it goes on for those who find nothing: `waits` until it has ended. */
  end: Outcome = 'waits';
  sequence = 0;
  readonly abort = new AbortController();
  readonly stream: DispatchStream;
  readonly #highWaterMark: number;

  constructor(highWaterMark: number) {
    this.#highWaterMark = highWaterMark;
    const owner = {
      onPressureChange: (): void => void (this.isHeldBack = this.stream.isFull),
      onClosed: (): void => void (this.isClosed = true),
    };
    this.stream = new DispatchStream(owner, { signal: this.abort.signal, events: ['WANTED'], highWaterMark });
  }

  push(t: string): void {
    this.sequence += 1;
    if (t === 'WANTED' && this.end === 'waits') {
      const first = this.asked.find(({ expected }) => expected === 'waits');
      if (first !== undefined) first.expected = this.sequence;
      else this.waiting.push(this.sequence);
      if (this.waiting.length >= this.#highWaterMark) this.isFull = true;
    }
    this.stream.push({ op: 0, t, s: this.sequence, d: {}, raw: Buffer.from('{}') }, null);
  }

  next(): void {
    const asked = { expected: this.waiting.shift() ?? this.#consumeEnd(), outcome: 'waits' as Outcome };
    if (this.waiting.length <= this.#highWaterMark / 2) this.isFull = false;
    this.asked.push(asked);
    this.stream.next().then(
      (result: IteratorResult<Dispatch, undefined>) => (asked.outcome = result.done === true ? 'done' : result.value.s),
      (error: GatewayError) => (asked.outcome = error.code),
    );
  }

  finish(error: GatewayError | null): void {
    this.#endWith(error?.code ?? 'done');
    this.stream.finish(error);
  }

  return(): void {
    this.waiting.length = 0;
    this.#endWith('done');
    this.end = 'done';
    void this.stream.return();
  }

  abortStream(): void {
    if (this.end === 'waits') this.#endWith('ABORTED');
    else if (this.waiting.length > 0) this.end = 'ABORTED';
    this.waiting.length = 0;
    this.abort.abort();
  }

  async check(): Promise<void> {
    await turn();
    deepEqual(
      {
        outcomes: this.asked.map(({ outcome }) => outcome),
        oldest: this.stream.lowestSequenceOf(null),
        isFull: this.stream.isFull,
        isHeldBack: this.isHeldBack,
        isClosed: this.isClosed,
      },
      {
        outcomes: this.asked.map(({ expected }) => expected),
        oldest: this.waiting[0] ?? null,
        isFull: this.isFull,
        isHeldBack: this.isFull,
        isClosed: this.end !== 'waits' && this.waiting.length === 0,
      },
    );
  }

  /** An error is told once; after it, as after any end, there is nothing. */
  #consumeEnd(): Outcome {
    const { end } = this;
    if (end !== 'waits') this.end = 'done';
    return end;
  }

  #endWith(how: Outcome): void {
    if (this.end !== 'waits') return;
    this.end = how;
    this.isFull = false;
    for (const asked of this.asked) if (asked.expected === 'waits') asked.expected = this.#consumeEnd();
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
    step<DispatchStreamModel>('fail', (model) => model.finish(new GatewayError('INTERNAL_ERROR', 'the test said so'))),
  ),
  fc.constant(step<DispatchStreamModel>('return', (model) => model.return())),
  fc.constant(step<DispatchStreamModel>('abort', (model) => model.abortStream())),
];

it('a stream hands everything out once and in order, says when it is full, and lets go when it has ended', async () => {
  const scripts = fc.tuple(script(steps, 30), script([...steps, ...endings], 20));
  const runs = await held(
    fc.asyncProperty(fc.integer({ min: 1, max: 10 }), scripts, async (highWaterMark, [before, after]) => {
      const model = new DispatchStreamModel(highWaterMark);
      await play(model, before);
      await model.check();
      await play(model, after);
      await model.check();
    }),
    200,
  );
  expect(runs).toBe(200);
});
