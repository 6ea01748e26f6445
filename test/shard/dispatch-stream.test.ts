import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { BufferBudget } from '../../src/shard/buffer-budget.ts';
import { DispatchStream } from '../../src/shard/dispatcher.ts';
import type { DispatchStreamOptions } from '../../src/shard/pull-stream.ts';
import { madeDispatch } from '../kit/made-dispatch.ts';

/** A stream with buffered dispatches, and the calls of its callbacks. */
function streamWith(count: number, options?: DispatchStreamOptions) {
  const calls: string[] = [];
  const callbacks = {
    budget: new BufferBudget(Infinity, { onTightChange: () => undefined, onRoom: () => undefined }),
    onPressureChange: () => void calls.push(`full: ${stream.isFull}`),
    onClosed: () => void calls.push('closed'),
  };
  const stream = new DispatchStream(callbacks, options);
  const push = (s: number): void => stream.push(madeDispatch('A', s), null);
  for (let s = 1; s <= count; s += 1) push(s);
  return { stream, calls, push };
}

const failed = new GatewayError('INTERNAL_ERROR', 'the test said so');

describe('DispatchStream', () => {
  test('is closed when its consumer returns after the end with dispatches still buffered', async () => {
    const { stream, calls } = streamWith(2);
    stream.finish(failed);
    expect(calls).toEqual([]);
    await stream.return();
    expect(calls).toEqual(['closed']);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('drops its buffer when it is aborted after the end', async () => {
    const abort = new AbortController();
    const { stream, calls } = streamWith(2, { signal: abort.signal });
    stream.finish(null);
    abort.abort('enough');
    expect(stream.lowestSequenceOf(null)).toBe(null);
    expect(calls).toEqual(['closed']);
    await expect(stream.next()).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
  });

  test('rejects the first pending next() with the error, and ends the others', async () => {
    const { stream } = streamWith(0);
    const pending = [stream.next(), stream.next()];
    stream.finish(failed);
    expect(await Promise.allSettled([...pending, stream.next()])).toEqual([
      { status: 'rejected', reason: failed },
      { status: 'fulfilled', value: { done: true, value: undefined } },
      { status: 'fulfilled', value: { done: true, value: undefined } },
    ]);
  });

  test('stays full until half of its buffer is consumed, even if another dispatch arrives', async () => {
    const { stream, calls, push } = streamWith(8, { highWaterMark: 8 });
    for (let taken = 0; taken < 2; taken += 1) await stream.next();
    push(9);
    expect(stream.isFull).toBe(true);
    expect(calls.includes('full: false')).toBe(false);
    for (let taken = 0; taken < 3; taken += 1) await stream.next();
    expect(stream.isFull).toBe(false);
    expect(calls.at(-1)).toBe('full: false');
  });
});
