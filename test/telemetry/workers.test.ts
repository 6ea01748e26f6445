/** Telemetry of shards in worker threads. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, test } from 'vitest';
import type { IdentifyTelemetry, ShardTelemetry } from '../../src/index.ts';
import { nextEvent, liveManager } from '../kit/live-manager.ts';

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
});
