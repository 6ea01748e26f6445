/** Concurrent handlers of a manager: one queue over all shards, in the order in which dispatches arrived. */
import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import type { ManagerOptions } from '../../src/index.ts';
import { virtualManager } from '../kit/virtual-manager.ts';

async function managerWithHandler(options: Partial<ManagerOptions> = {}) {
  const kit = virtualManager({ shards: 2, limit: { max_concurrency: 2 } }, options);
  const connecting = kit.manager.connect();
  await kit.clock.advanceAsync(1_000);
  await connecting;
  const calls: { readonly text: string; readonly finish: () => void }[] = [];
  const remove = kit.manager.onDispatch(
    'MESSAGE_CREATE',
    ({ id }, _, shardId) =>
      new Promise<void>((resolve) => calls.push({ text: `${id} of shard ${shardId}`, finish: resolve })),
    { concurrency: 2 },
  );
  return {
    ...kit,
    remove,
    calls: (): string[] => calls.map(({ text }) => text),
    finish: async (index: number) => {
      calls[index]?.finish();
      await kit.clock.advanceAsync(0);
    },
    message: (shardId: number, id: string, guild?: string) =>
      kit.gateway.dispatch(
        'MESSAGE_CREATE',
        { id, ...(guild === undefined ? {} : { guild_id: guild }) },
        kit.gateway.sockets[shardId],
      ),
    stop: async () => {
      const stopping = kit.manager.disconnect();
      await kit.clock.advanceAsync(100);
      await stopping;
    },
  };
}

describe('onDispatch() of a manager with concurrency', () => {
  test('counts the calls over all shards, and passes the id of the shard', async () => {
    const { message, calls, finish, stop } = await managerWithHandler();
    message(0, '1', 'a');
    message(0, '2', 'a');
    message(1, '3', 'b');
    message(1, '4', 'c');
    expect(calls()).toEqual(['1 of shard 0', '3 of shard 1']);
    await finish(1);
    expect(calls()).toEqual(['1 of shard 0', '3 of shard 1', '4 of shard 1']);
    await stop();
  });

  test('dispatches without a guild and a channel are in order within their shard', async () => {
    const { message, calls, stop } = await managerWithHandler();
    message(0, '1');
    message(0, '2');
    message(1, '3');
    expect(calls()).toEqual(['1 of shard 0', '3 of shard 1']);
    await stop();
  });

  test('pauses all sockets while too much waits, until enough is taken or the handler is removed', async () => {
    const { message, gateway, remove, stop } = await managerWithHandler();
    for (let id = 0; id < 1_025; id += 1) message(0, String(id), 'a');
    message(1, 'x', 'b');
    expect(gateway.sockets.map(({ paused }) => paused)).toEqual([true, true]);
    remove();
    expect(gateway.sockets.map(({ paused }) => paused)).toEqual([false, false]);
    await stop();
  });

  test('above maxBufferedBytes the shard leaves its connection and comes back when half is taken', async () => {
    const kit = await managerWithHandler({ maxBufferedBytes: 10_000 });
    const { gateway, clock, faults, finish } = kit;
    const pad = 'y'.repeat(2_000);
    for (let id = 0; id < 6; id += 1)
      gateway.dispatch('MESSAGE_CREATE', { id: String(id), guild_id: 'a', pad }, gateway.sockets[0]);
    expect(faults.map(([code, shardId]) => [code, shardId])).toEqual([['BUFFER_FULL', 0]]);
    expect(gateway.sockets[0]?.closedWith).toBe(4000);
    await clock.advanceAsync(60_000);
    expect(gateway.sockets).toHaveLength(2);
    for (const index of [0, 1, 2]) await finish(index);
    await clock.advanceAsync(1_000);
    expect(gateway.sockets).toHaveLength(3);
    expect(gateway.sent(6).map(({ d }) => (d as { seq: number }).seq)).toHaveLength(1);
    await kit.stop();
  });

  test('after disconnect() no call starts; the store has what waits as not delivered, and connect() goes on', async () => {
    const sessionStore = new MemorySessionStore();
    const kit = await managerWithHandler({ sessionStore });
    const { message, manager, clock, gateway, calls, finish } = kit;
    gateway.sequence = 10;
    message(0, '1', 'a');
    message(0, '2', 'a');
    message(0, '3', 'a');
    await kit.stop();
    expect(await sessionStore.load(0)).toMatchObject({ sequence: 11 });
    await finish(0);
    expect(calls()).toEqual(['1 of shard 0']);
    const connecting = manager.connect();
    await clock.advanceAsync(1_000);
    await connecting;
    expect(calls()).toEqual(['1 of shard 0', '2 of shard 0']);
    await finish(1);
    await clock.advanceAsync(1_000);
    expect(await sessionStore.load(0)).toMatchObject({ sequence: 14 });
    await kit.stop();
  });

  test('what waits is still handled if the sessions are discarded, because it does not come again', async () => {
    const { message, manager, clock, calls, finish } = await managerWithHandler();
    message(0, '1', 'a');
    message(0, '2', 'a');
    const stopping = manager.disconnect({ session: 'discard' });
    await clock.advanceAsync(100);
    await stopping;
    await finish(0);
    expect(calls()).toEqual(['1 of shard 0', '2 of shard 0']);
  });
});
