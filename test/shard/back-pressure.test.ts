/** A consumer that can't keep up holds back the socket, but never what a connection needs to live. */
import { expect, test } from 'vitest';
import { readyShard } from '../kit/virtual-shard.ts';

test('a full stream holds back no connection that is not ready: HELLO and the replay are read, and only then it is held', async () => {
  const { shard, gateway, clock } = await readyShard();
  const stream = shard.dispatches({ highWaterMark: 4 });
  for (let n = 0; n < 4; n += 1) gateway.dispatch('TYPING_START');
  expect(gateway.last.paused).toBe(true);
  gateway.answers.resumed = false;
  gateway.last.end(1006);
  await clock.advanceAsync(1_000);
  expect(shard.state).toBe('resuming');
  expect(gateway.last.paused).toBe(false);
  await stream.next();
  expect(gateway.last.paused).toBe(false);
  for (let n = 0; n < 4; n += 1) gateway.dispatch('TYPING_START');
  expect(gateway.last.paused).toBe(false);
  gateway.dispatch('RESUMED');
  expect(shard.state).toBe('ready');
  expect(gateway.last.paused).toBe(true);
  for (let n = 0; n < 7; n += 1) await stream.next();
  expect(gateway.last.paused).toBe(false);
});

test('a stream that is full of a replay holds the connection as soon as it is ready, though RESUMED is none of its kinds', async () => {
  const { shard, gateway, clock } = await readyShard();
  const stream = shard.dispatches({ highWaterMark: 4, events: ['TYPING_START'] });
  gateway.answers.resumed = false;
  gateway.last.end(1006);
  await clock.advanceAsync(1_000);
  for (let n = 0; n < 4; n += 1) gateway.dispatch('TYPING_START');
  const before = [shard.state, gateway.last.paused];
  gateway.dispatch('RESUMED');
  expect(before).toEqual(['resuming', false]);
  expect(shard.state).toBe('ready');
  expect(gateway.last.paused).toBe(true);
  for (let n = 0; n < 4; n += 1) await stream.next();
  expect(gateway.last.paused).toBe(false);
});
