/** Frames of zlib-stream that hold more than one message, or parts of some. No gateway of Discord sends such. */
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compress } from '../kit/compressed-streams.ts';
import { DecoderRecorder } from '../kit/decoder-recorder.ts';

const HELLO = '{"op":10,"d":{"heartbeat_interval":41250}}';
const ACK = '{"op":11,"d":null}';
const FAULT = ['DECODE_FAILED'];

describe.each(['sync', 'stream'] as const)('a decoder for zlib-stream with the %s codec', (codec) => {
  const newRecorder = (maxMessageBytes?: number): DecoderRecorder =>
    new DecoderRecorder('zlib-stream', { codec, ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }) });

  test.each([
    ['two messages', [HELLO, ACK], [HELLO, ACK]],
    ['two messages and an empty flush', [HELLO, ACK, ''], [HELLO, ACK]],
    ['a message that was flushed in the middle', [HELLO.slice(0, 9), HELLO.slice(9)], [HELLO]],
    [
      'a message and one that was flushed in the middle',
      [ACK, HELLO.slice(0, 9), HELLO.slice(9), ACK],
      [ACK, HELLO, ACK],
    ],
  ])('decodes a frame with %s', async (_what, parts, messages) => {
    const recorder = newRecorder();
    recorder.write(Buffer.concat(await compress('zlib', parts)));
    expect(await recorder.result()).toEqual({ messages, faults: [] });
  });

  test('completes the last message of a frame with the next frame', async () => {
    const recorder = newRecorder();
    const parts = await compress('zlib', [ACK, HELLO.slice(0, 9), HELLO.slice(9)]);
    recorder.write(Buffer.concat(parts.slice(0, 2)), ...parts.slice(2));
    expect(await recorder.result()).toEqual({ messages: [ACK, HELLO], faults: [] });
  });

  test.each([
    ['no JSON', 'nonsense'],
    ['not finished by the next one', '{"op":'],
  ])('faults after a message that is followed by one that is %s', async (_what, second) => {
    const recorder = newRecorder();
    const parts = await compress('zlib', [ACK, second, HELLO]);
    recorder.write(Buffer.concat(parts.slice(0, 2)), ...parts.slice(2));
    expect(await recorder.result()).toEqual({ messages: [ACK], faults: FAULT });
  });

  test('does not count the messages of a frame together for the limit', async () => {
    const recorder = newRecorder(HELLO.length);
    recorder.write(Buffer.concat(await compress('zlib', [HELLO, HELLO, HELLO])));
    expect(await recorder.result()).toEqual({ messages: [HELLO, HELLO, HELLO], faults: [] });
  });

  test('faults on bytes that only end like a message', async () => {
    const recorder = newRecorder();
    recorder.write(Buffer.concat([deflateSync(HELLO), Buffer.from([0, 0, 0xff, 0xff])]));
    expect((await recorder.result()).faults).toEqual(FAULT);
  });
});
