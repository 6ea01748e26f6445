import { deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { StreamEndedError, NativeInflater } from '../../src/decoding/native-inflater.ts';

it('a native inflater that is closed refuses to inflate: writing to its handle would abort the process', () => {
  const inflater = new NativeInflater('zlib');
  inflater.close();
  inflater.close();
  expect(inflater.isClosed).toBe(true);
  for (const how of ['inflate', 'inflateWhole'] as const) {
    expect(() => inflater[how](deflateSync('{}'), Buffer.alloc(64), 1_024)).toThrow(StreamEndedError);
  }
});

it('a native inflater says what is wrong in the words of zlib', () => {
  const inflater = new NativeInflater('zlib');
  const whole = deflateSync('{"op":10}');
  whole[0]! ^= 0xff;
  expect(() => inflater.inflateWhole(whole, Buffer.alloc(64), 1_000)).toThrow(
    expect.objectContaining({ code: 'Z_DATA_ERROR' }),
  );
  inflater.close();
});
