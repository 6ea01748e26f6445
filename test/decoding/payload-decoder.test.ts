import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DecoderRecorder as Recorder } from '../kit/decoder-recorder.ts';

const HELLO = '{"op":10,"d":{"heartbeat_interval":41250}}';
const ACK = '{"op":11,"d":null}';
const decoded = (messages: readonly string[]) => ({ messages, faults: [] });
const FAULT = ['DECODE_FAILED'];

describe.each(['sync', 'stream'] as const)('PayloadDecoder with the %s codec', (codec) => {
  test('inflates binary frames one by one and emits text frames unchanged', async () => {
    const recorder = new Recorder('payload', { codec });
    recorder.write(HELLO, deflateSync(ACK), deflateSync(HELLO), ACK);
    expect(await recorder.result()).toEqual(decoded([HELLO, ACK, HELLO, ACK]));
  });

  test.each([
    ['is not a zlib stream', Buffer.from('nonsense')],
    ['is cut off', deflateSync(HELLO).subarray(0, -6)],
    ['is empty', Buffer.alloc(0)],
    ['does not contain JSON', deflateSync('nonsense')],
  ])('faults once when a frame %s', async (_what, frame) => {
    const recorder = new Recorder('payload', { codec });
    recorder.write(frame, deflateSync(ACK), frame);
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  test('ignores bytes after the end of the payload in a frame', async () => {
    const recorder = new Recorder('payload', { codec });
    recorder.write(Buffer.concat([deflateSync(ACK), Buffer.from('more')]), deflateSync(HELLO));
    expect(await recorder.result()).toEqual(decoded([ACK, HELLO]));
  });

  test('faults on a message above the limit instead of inflating it', async () => {
    const recorder = new Recorder('payload', { codec, maxMessageBytes: 1_000 });
    recorder.write(deflateSync(`"${'x'.repeat(2_000_000)}"`));
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  test('keeps decoding for other connections after a fault of one', async () => {
    const [one, two] = [new Recorder('payload', { codec }), new Recorder('payload', { codec })];
    one.write(deflateSync(HELLO), deflateSync(HELLO).subarray(0, -6));
    two.write(deflateSync(ACK), deflateSync(HELLO));
    expect(await one.result()).toEqual({ messages: [HELLO], faults: FAULT });
    expect(await two.result()).toEqual(decoded([ACK, HELLO]));
  });

  test('decodes messages larger than the shared buffer', async () => {
    const texts = [HELLO, JSON.stringify({ x: 'x'.repeat(3_000_000) }), ACK];
    const recorder = new Recorder('payload', { codec });
    recorder.write(...texts.map((text) => deflateSync(text)));
    expect(await recorder.result()).toEqual(decoded(texts));
  });
});
