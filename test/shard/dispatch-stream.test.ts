import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { DispatchStream } from '../../src/shard/dispatcher.ts';
import type { DispatchStreamOptions } from '../../src/shard/pull-stream.ts';

/** A stream that holds dispatches, and what its owner was told. */
function streamWith(count: number, options?: DispatchStreamOptions) {
  const calls: string[] = [];
  const callbacks = {
    onPressureChange: () => void calls.push(`full: ${stream.isFull}`),
    onClosed: () => void calls.push('closed'),
  };
  const stream = new DispatchStream(callbacks, options);
  const push = (s: number): void => stream.push({ op: 0, t: 'A', s, d: {}, raw: Buffer.from('{}') }, null);
  for (let s = 1; s <= count; s += 1) push(s);
  return { stream, calls, push };
}

const failed = new GatewayError('INTERNAL_ERROR', 'the test said so');

describe('DispatchStream', () => {
  test('is let go of when its consumer leaves after the end with dispatches still waiting', async () => {
    const { stream, calls } = streamWith(2);
    stream.finish(failed);
    expect(calls).toEqual([]);
    await stream.return();
    expect(calls).toEqual(['closed']);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('drops what still waits after the end when it is aborted', async () => {
    const abort = new AbortController();
    const { stream, calls } = streamWith(2, { signal: abort.signal });
    stream.finish(null);
    abort.abort('enough');
    expect(stream.lowestSequenceOf(null)).toBe(null);
    expect(calls).toEqual(['closed']);
    await expect(stream.next()).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
  });

  test('tells the first of those who wait what it failed with, and the others that it is over', async () => {
    const { stream } = streamWith(0);
    const asked = [stream.next(), stream.next()];
    stream.finish(failed);
    expect(await Promise.allSettled([...asked, stream.next()])).toEqual([
      { status: 'rejected', reason: failed },
      { status: 'fulfilled', value: { done: true, value: undefined } },
      { status: 'fulfilled', value: { done: true, value: undefined } },
    ]);
  });

  test('stays full until half is taken, also when another dispatch comes', async () => {
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
