import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DecoderRecorder as Recorder } from '../kit/decoder-recorder.ts';

const HELLO = '{"op":10,"d":{"heartbeat_interval":41250}}';
const ACK = '{"op":11,"d":null}';
const whole = (messages: readonly string[]) => ({ messages, faults: [] });
const FAULT = ['DECODE_FAILED'];

describe.each(['sync', 'stream'] as const)('a decoder for compressed payloads with the %s codec', (codec) => {
  it('inflates binary frames one by one and takes text as it is', async () => {
    const recorder = new Recorder('payload', { codec });
    recorder.write(HELLO, deflateSync(ACK), deflateSync(HELLO), ACK);
    expect(await recorder.result()).toEqual(whole([HELLO, ACK, HELLO, ACK]));
  });

  it.each([
    ['is no zlib stream', Buffer.from('nonsense')],
    ['is cut off', deflateSync(HELLO).subarray(0, -6)],
    ['is empty', Buffer.alloc(0)],
    ['holds no JSON', deflateSync('nonsense')],
  ])('faults once when a frame %s', async (_what, frame) => {
    const recorder = new Recorder('payload', { codec });
    recorder.write(frame, deflateSync(ACK), frame);
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  it('takes no notice of what stands in a frame behind the end of its payload', async () => {
    const recorder = new Recorder('payload', { codec });
    recorder.write(Buffer.concat([deflateSync(ACK), Buffer.from('more')]), deflateSync(HELLO));
    expect(await recorder.result()).toEqual(whole([ACK, HELLO]));
  });

  it('faults on a message above the limit instead of inflating it', async () => {
    const recorder = new Recorder('payload', { codec, maxMessageBytes: 1_000 });
    recorder.write(deflateSync(`"${'x'.repeat(2_000_000)}"`));
    expect(await recorder.result()).toEqual({ messages: [], faults: FAULT });
  });

  it('goes on with other connections after one has failed', async () => {
    const [one, two] = [new Recorder('payload', { codec }), new Recorder('payload', { codec })];
    one.write(deflateSync(HELLO), deflateSync(HELLO).subarray(0, -6));
    two.write(deflateSync(ACK), deflateSync(HELLO));
    expect([await one.result(), await two.result()]).toEqual([
      { messages: [HELLO], faults: FAULT },
      whole([ACK, HELLO]),
    ]);
  });

  it('decodes messages larger than any buffer that is kept', async () => {
    const texts = [HELLO, JSON.stringify({ x: 'x'.repeat(3_000_000) }), ACK];
    const recorder = new Recorder('payload', { codec });
    recorder.write(...texts.map((text) => deflateSync(text)));
    expect(await recorder.result()).toEqual(whole(texts));
  });
});
