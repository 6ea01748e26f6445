import { describe, expect, test } from 'vitest';
import { readyShard } from '../kit/virtual-shard.ts';

describe('disconnect()', () => {
  test('with an aborted signal it terminates the socket at once and rejects with ABORTED', async () => {
    const { shard, gateway, clock } = await readyShard();
    await expect(shard.disconnect({ signal: AbortSignal.abort('no time') })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: 'no time',
    });
    expect(shard.state).toBe('disconnected');
    await clock.advanceAsync(100);
    expect(gateway.last.readyState).toBe(3);
    expect(clock.pending).toBe(0);
  });
});
