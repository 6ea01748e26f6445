import { describe, expect, test } from 'vitest';
import { GatewayError, Shard } from '../../src/index.ts';
import type { Compression } from '../../src/index.ts';
import { resolveOptions } from '../../src/shard/shard-options.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

const COMPRESSIONS: readonly Compression[] = ['none', 'payload', 'zlib-stream', 'zstd-stream'];

describe.each(COMPRESSIONS)('maxMessageBytes with compression %s', (compression) => {
  test('a larger message is a fault, and the shard goes on without it', async () => {
    await using kit = await liveShard({ compression, maxMessageBytes: 20_000 });
    const { gateway, shard, events } = kit;
    await shard.connect();
    gateway.dispatch('SMALL', { text: 'x'.repeat(19_000) });
    const fault = nextEvent(shard, 'fault');
    gateway.dispatch('LARGE', { text: 'x'.repeat(500_000) });
    expect(await fault).toMatchObject({ code: 'DECODE_FAILED' });
    // Each RESUME repeats the message, so that the session is discarded in the end.
    await nextEvent(shard, 'ready');
    gateway.dispatch('AFTER', {});
    await nextEvent(shard, 'dispatch', ({ t }) => (t as string) === 'AFTER');
    expect(events.dispatched.filter((t) => t !== 'RESUMED')).toEqual(['READY', 'SMALL', 'READY', 'AFTER']);
    expect([...new Set(events.faults)]).toEqual(['DECODE_FAILED', 'RESUMES_EXHAUSTED']);
  });
});

describe('maxMessageBytes', () => {
  test('the default is 64 MiB', () => {
    expect(resolveOptions({ token: TOKEN, intents: 0 }).maxMessageBytes).toBe(64 * 1_024 * 1_024);
  });

  test.each([0, -1, 1.5, Number.NaN, 256 * 1_024 * 1_024 + 1, '1'])(
    'the value %s is rejected with INVALID_OPTIONS',
    (maxMessageBytes) => {
      const construct = (): Shard =>
        new Shard({ token: TOKEN, intents: 0, maxMessageBytes: maxMessageBytes as number });
      expect(construct).toThrow(GatewayError);
      expect(construct).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    },
  );
});
