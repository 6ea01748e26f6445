/** A signal that was aborted before `disconnect()` was called. */
import { expect, test } from 'vitest';
import { readyShard } from '../kit/virtual-shard.ts';

test('disconnect() with a signal that is aborted already stops the shard at once, and says so', async () => {
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
