import { expect, test } from 'vitest';
import { Shard } from '../../../src/index.ts';
import { FakeGateway, VirtualClock } from '../../../src/testing/index.ts';

test('the shard sends a heartbeat in every interval', async () => {
  const clock = new VirtualClock();
  await using gateway = await FakeGateway.listen({ clock, heartbeatIntervalMs: 40_000 });
  await using shard = new Shard({
    token: 'secret',
    intents: ['Guilds'],
    url: gateway.url,
    clock,
    random: () => 0.5, // The first heartbeat comes after half an interval.
  });
  await shard.connect();
  const connection = await gateway.waitForConnection();
  const acknowledged = (): Promise<unknown> => new Promise((resolve) => shard.once('heartbeat', resolve));

  for (const [index, waitMs] of [20_000, 40_000, 40_000].entries()) {
    const ack = acknowledged();
    clock.advance(waitMs - 1);
    expect(gateway.stats.heartbeats).toBe(index);
    clock.advance(1);
    await connection.waitFor(1, index + 1);
    await ack; // Without the ACK the next interval would end the connection.
  }
  expect(gateway.stats.violations).toEqual([]);
});
