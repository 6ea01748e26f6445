/** A failure is reported, whatever your listeners do with what comes before it. Real sockets, with and without threads. */
import { expect, test } from 'vitest';
import type { ShardManager } from '../../src/index.ts';
import { GatewayError } from '../../src/index.ts';
import { liveManager } from '../kit/live-manager.ts';

const stops = [
  ['disconnect()', (manager: ShardManager): void => void manager.disconnect()],
  ['forceClose()', (manager: ShardManager): void => manager.forceClose()],
] as const;
const placements = [0, 2].flatMap((workers) => stops.map(([name, stop]) => [name, workers, stop] as const));

test.each(placements)(
  '%s in a listener of disconnected does not hide why a manager with %i workers failed',
  async (_, workers, stop) => {
    await using kit = await liveManager({ workers, shards: 2 });
    const { manager, gateway } = kit;
    gateway.holdReady();
    const events: unknown[] = [];
    const failed = new Promise<void>((resolve) => {
      manager.on('failed', ({ code }, shardId) => {
        events.push(['failed', code, shardId]);
        resolve();
      });
    });
    manager.on('disconnected', ({ code, willReconnect }, shardId) => {
      if (code !== 4004) return;
      events.push(['disconnected', willReconnect, shardId]);
      stop(manager);
    });
    const connected = manager.connect();
    const stream = manager.dispatches().next();
    const outcomes = Promise.allSettled([connected, stream]);
    const connection = await gateway.waitForConnection();
    await connection.waitFor(2);
    const shardId = connection.shard?.[0];
    connection.close(4004);
    const reason = expect.objectContaining({ code: 'AUTHENTICATION_FAILED', closeCode: 4004 });
    expect(await outcomes).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    await failed;
    expect(events).toEqual([
      ['disconnected', false, shardId],
      ['failed', 'AUTHENTICATION_FAILED', null],
    ]);
    expect(manager.state).toBe('failed');
    const { failure } = manager.shards.get(shardId ?? -1)!;
    expect(failure).toBeInstanceOf(GatewayError);
    expect(failure).toMatchObject({ code: 'AUTHENTICATION_FAILED', closeCode: 4004 });
  },
);

test.each([0, 2])(
  'a failure is a fault if connect() is called while a manager with %i workers closes its shards',
  async (workers) => {
    await using kit = await liveManager({ workers, shards: 2 });
    const { manager, gateway } = kit;
    await manager.connect();
    const events: unknown[] = [];
    manager.on('failed', ({ code }) => events.push(['failed', code]));
    manager.on('fault', (error, shardId) => events.push(['fault', error, shardId]));
    const again = new Promise<void>((resolve, reject) => {
      manager.on('disconnected', ({ code }) => {
        if (code === 4014) process.nextTick(() => void manager.connect().then(resolve, reject));
      });
    });
    const connection = await gateway.waitForConnection();
    const shardId = connection.shard?.[0] ?? -1;
    const failure = new Promise<unknown>((resolve) => {
      const shard = manager.shards.get(shardId)!;
      shard.on('stateChange', ({ to }) => to === 'failed' && resolve(shard.failure));
    });
    connection.close(4014);
    await again;
    expect(events).toEqual([['fault', await failure, null]]);
    expect(await failure).toMatchObject({ code: 'DISALLOWED_INTENTS' });
    expect(manager.state).toBe('running');
  },
);
