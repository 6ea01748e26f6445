/** A signal that was aborted before `disconnect()` was called. */
import { expect, it } from 'vitest';
import { readyShard } from '../kit/virtual-shard.ts';

it('disconnect() with a signal that is aborted already stops the shard at once, and says so', async () => {
  const { shard, gateway, clock } = await readyShard();
  await expect(shard.disconnect({ signal: AbortSignal.abort('no time') })).rejects.toMatchObject({
    code: 'ABORTED',
    cause: 'no time',
  });
  expect(shard.state).toBe('disconnected');
  await clock.advanceAsync(100);
  expect([gateway.last.readyState, clock.pending]).toEqual([3, 0]);
});
