/** Back-pressure pauses the socket, except while the connection needs it to become ready. */
import { describe, expect, test } from 'vitest';
import { readyShard } from '../kit/virtual-shard.ts';

describe('back-pressure', () => {
  test('a full stream pauses only a ready shard, so that HELLO and the replay are read', async () => {
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

  test('a stream that the replay has filled pauses the socket at RESUMED, even if it excludes RESUMED', async () => {
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
});
