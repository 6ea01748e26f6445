/** Telemetry of shards in worker threads. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, test, vi } from 'vitest';
import type { IdentifyTelemetry, SendTelemetry, ShardTelemetry } from '../../src/index.ts';
import { nextEvent, liveManager } from '../kit/live-manager.ts';
import { watchThreads } from '../kit/threads.ts';

describe('a manager with workers', () => {
  test('publishes states, sessions, losses and identifies of its shards once, in its own thread', async () => {
    const shard: ShardTelemetry[] = [];
    const identify: IdentifyTelemetry[] = [];
    const onShard = (message: unknown): void => void shard.push(message as ShardTelemetry);
    const onIdentify = (message: unknown): void => void identify.push(message as IdentifyTelemetry);
    subscribe('shardwright:shard', onShard);
    subscribe('shardwright:identify', onIdentify);
    try {
      await using live = await liveManager({ shards: 2, workers: 2 });
      await live.manager.connect();
      live.gateway.connections.find((connection) => connection.shard?.[0] === 1)!.close(4000);
      await nextEvent(live.manager, 'resumed');
    } finally {
      unsubscribe('shardwright:shard', onShard);
      unsubscribe('shardwright:identify', onIdentify);
    }
    const of = (event: ShardTelemetry['event']): number[] =>
      shard
        .filter((telemetry) => telemetry.event === event)
        .map(({ shardId }) => shardId)
        .toSorted((a, b) => a - b);
    expect(of('ready')).toEqual([0, 1]);
    expect(of('resumed')).toEqual([1]);
    expect(shard.find(({ event }) => event === 'disconnected')).toEqual({
      event: 'disconnected',
      shardId: 1,
      code: 4000,
      initiator: 'gateway',
      willReconnect: true,
      willResume: true,
    });
    expect(
      identify
        .filter(({ event }) => event === 'sent')
        .map(({ shardId }) => shardId)
        .toSorted((a, b) => a - b),
    ).toEqual([0, 1]);
  });

  test('publishes the sends of its shards once, in its own thread, also of a thread that replaces another', async () => {
    using threads = watchThreads();
    const sends: SendTelemetry[] = [];
    const onSend = (message: unknown): void => void sends.push(message as SendTelemetry);
    await using live = await liveManager({ shards: 2, workers: 1 });
    await live.manager.connect();
    const shard = live.manager.shards.get(1)!;
    await shard.requestSoundboardSounds(['1']);
    subscribe('shardwright:send', onSend);
    try {
      await shard.requestSoundboardSounds(['1']);
      await shard.send({ op: 31, d: { guild_ids: ['1'] } }, { ignoreRateLimit: true });
      await vi.waitFor(() => expect(sends).toHaveLength(2));
      const resumed = nextEvent(live.manager, 'resumed', (_, shardId) => shardId === 1);
      await threads.started[0]!.terminate();
      await resumed;
      await shard.requestSoundboardSounds(['1']);
      await vi.waitFor(() => expect(sends).toHaveLength(3));
    } finally {
      unsubscribe('shardwright:send', onSend);
    }
    const sent = { event: 'sent', shardId: 1, waitMs: expect.any(Number) as number, pending: 0 };
    expect(sends).toEqual([
      { ...sent, kind: 'command' },
      { ...sent, kind: 'priority' },
      { ...sent, kind: 'command' },
    ]);
  });
});
