import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { StreamEndedError, NativeInflater } from '../../src/decoding/native-inflater.ts';

describe('NativeInflater', () => {
  // Writing to a closed handle aborts the process.
  test('throws when it inflates after close()', () => {
    const inflater = new NativeInflater('zlib');
    inflater.close();
    inflater.close();
    expect(inflater.isClosed).toBe(true);
    for (const method of ['inflate', 'inflateWhole'] as const) {
      expect(() => inflater[method](deflateSync('{}'), Buffer.alloc(64), 1_024)).toThrow(StreamEndedError);
    }
  });

  test('throws the error of zlib for damaged bytes', () => {
    const inflater = new NativeInflater('zlib');
    const damaged = deflateSync('{"op":10}');
    damaged[0]! ^= 0xff;
    expect(() => inflater.inflateWhole(damaged, Buffer.alloc(64), 1_000)).toThrow(
      expect.objectContaining({ code: 'Z_DATA_ERROR' }),
    );
    inflater.close();
  });
});
