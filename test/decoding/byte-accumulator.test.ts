import { describe, expect, test, vi } from 'vitest';
import { ByteAccumulator } from '../../src/decoding/byte-accumulator.ts';

describe('ByteAccumulator', () => {
  test('returns copies of all bytes in order, and starts again with none', () => {
    const accumulator = new ByteAccumulator();
    const shared = Buffer.from('first');
    accumulator.append(shared);
    shared.fill(0);
    accumulator.append(Buffer.from(' second'));
    expect(accumulator.length).toBe(12);
    const taken = accumulator.take();
    accumulator.append(Buffer.from('third'));
    expect([String(taken), accumulator.length, String(accumulator.take())]).toEqual(['first second', 5, 'third']);
  });

  test('allocates a bounded part of the bytes for any number of pieces', () => {
    const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const accumulator = new ByteAccumulator();
    for (let count = 0; count < 100_000; count += 1) accumulator.append(Buffer.from([count % 256, 1, 2]));
    const allocated = allocate.mock.calls.reduce((sum, [size]) => sum + size, 0);
    allocate.mockRestore();
    expect(accumulator.length).toBe(300_000);
    expect(allocated).toBeLessThan(4 * 300_000);
  });
});
