import { describe, expect, test } from 'vitest';
import { readyShard } from '../kit/virtual-shard.ts';

describe('the heartbeat schedule', () => {
  test('after a heartbeat that is late by nearly an interval, the next one leaves time for its ACK', async () => {
    const { clock, gateway, shard, events } = await readyShard({ random: () => 0.5 });
    const helloAt = gateway.last.openedAt + 1;
    gateway.latencyMs = 200;
    clock.sleep(helloAt + 59_900 - clock.now());
    await clock.advanceAsync(1);
    await clock.advanceAsync(100_000);
    expect(gateway.sent(1).map(({ at }) => at - helloAt)).toEqual([59_900, 69_900, 109_900, 149_900]);
    expect(shard.state).toBe('ready');
    expect(events.states.includes('zombie')).toBe(false);
  });
});
