/** Many dispatches at once are handled in portions, so that heartbeats and closes have their turn in between. */
import { describe, expect, test } from 'vitest';
import { liveShard, nextEvent } from '../kit/live-shard.ts';
import { readyShard } from '../kit/virtual-shard.ts';

/** Blocks the event loop, as a listener may. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('a backlog', () => {
  test.each(['none', 'zlib-stream', 'zstd-stream'] as const)(
    'a heartbeat is sent in the middle of a backlog, and dispatches stay in order (%s)',
    async (compression) => {
      // The first scheduled heartbeat is far away, so that there is only the one of heartbeat().
      await using kit = await liveShard({ compression, random: () => 0.99 }, { heartbeatIntervalMs: 10_000 });
      const { gateway, shard } = kit;
      await shard.connect();
      const connection = gateway.connections.at(-1)!;
      const heartbeats = (): number => connection.received.filter(({ op }) => op === 1).length;
      const seen: number[] = [];
      let heartbeatsBeforeLast = 0;
      shard.onDispatch('WORK', (_d, { s }) => {
        if (seen.length === 0) setTimeout(() => void shard.heartbeat(), 1);
        seen.push(s);
        heartbeatsBeforeLast = heartbeats();
        work(1);
      });
      const done = nextEvent(shard, 'dispatch', ({ t }) => (t as string) === 'DONE');
      const noise = Array.from({ length: 200 }, (_, index) => String(Math.sin(index)).repeat(100).slice(0, 2_000));
      for (const text of noise) gateway.dispatch('WORK', { text });
      gateway.dispatch('DONE', {});
      await done;
      const first = seen[0] ?? 0;
      expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => first + index));
      expect(heartbeatsBeforeLast).toBe(1);
    },
  );

  test('a close frame behind a backlog is handled after the backlog', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    shard.onDispatch('WORK', () => clock.sleep(3));
    for (let count = 0; count < 5; count += 1) gateway.dispatch('WORK');
    expect(gateway.last.paused).toBe(true);
    clock.advance(0);
    expect(gateway.last.paused).toBe(false);
    gateway.last.end(4014);
    expect(shard.state).toBe('failed');
    expect(events.of('disconnected').at(-1)?.code).toBe(4014);
  });

  test('the shard can close a socket that is paused for a turn', async () => {
    const { clock, gateway, shard } = await readyShard();
    shard.onDispatch('WORK', () => clock.sleep(3));
    for (let count = 0; count < 5; count += 1) gateway.dispatch('WORK');
    const disconnected = shard.disconnect();
    expect(gateway.last.paused).toBe(false);
    await clock.advanceAsync(10);
    await disconnected;
    expect(shard.state).toBe('disconnected');
    expect(clock.pending).toBe(0);
  });

  test('a socket paused for a turn and by a consumer is resumed when both allow it', async () => {
    const { clock, gateway, shard } = await readyShard();
    const stream = shard.dispatches({ highWaterMark: 4 });
    shard.onDispatch('WORK', () => clock.sleep(3));
    for (let count = 0; count < 5; count += 1) gateway.dispatch('WORK');
    clock.advance(0);
    expect(gateway.last.paused).toBe(true);
    for (let count = 0; count < 3; count += 1) await stream.next();
    expect(gateway.last.paused).toBe(false);
    await stream.return?.();
  });
});
