/** Listeners that block the event loop, and handlers that run for long, are reported. A listener here lets time pass. */
import { describe, expect, test } from 'vitest';
import type { ShardOptions } from '../../src/index.ts';
import { readyShard } from '../kit/virtual-shard.ts';

async function slowShard(options: Partial<ShardOptions> = {}) {
  const kit = await readyShard(options);
  const slow: string[] = [];
  kit.shard.on('fault', ({ code, message }) => {
    if (code === 'SLOW_LISTENER') slow.push(message);
  });
  return { ...kit, slow, block: (ms: number) => () => kit.clock.sleep(ms) };
}

const dispatchSlow = (ms: number): string => `the listeners of MESSAGE_CREATE blocked the event loop for ${ms} ms`;

describe('a listener that blocks the event loop', () => {
  test('is reported with the name of its event and the ms, from 250 ms on', async () => {
    const { shard, gateway, slow, clock } = await slowShard();
    let ms = 249;
    shard.onDispatch('MESSAGE_CREATE', () => clock.sleep(ms));
    gateway.dispatch('MESSAGE_CREATE');
    expect(slow).toEqual([]);
    ms = 250;
    gateway.dispatch('MESSAGE_CREATE');
    expect(slow).toEqual([dispatchSlow(250)]);
  });

  test.each(['dispatch', 'concurrency'] as const)('is reported whichever way it is added: %s', async (way) => {
    const { shard, gateway, slow, block } = await slowShard();
    if (way === 'dispatch') shard.on('dispatch', block(300));
    else shard.onDispatch('MESSAGE_CREATE', block(300), { concurrency: 1 });
    gateway.dispatch('MESSAGE_CREATE');
    expect(slow).toEqual([dispatchSlow(300)]);
  });

  test('is reported once a minute for each event', async () => {
    const { shard, gateway, slow, clock, block } = await slowShard();
    shard.on('dispatch', block(300));
    for (let seconds = 0; seconds < 65; seconds += 1) {
      gateway.dispatch('MESSAGE_CREATE');
      if (seconds === 0) gateway.dispatch('TYPING_START');
      await clock.advanceAsync(700);
    }
    const typingSlow = 'the listeners of TYPING_START blocked the event loop for 300 ms';
    expect(slow).toEqual([dispatchSlow(300), typingSlow, dispatchSlow(300)]);
    expect(shard.state).toBe('ready');
  });

  test('of an event of the shard is reported with that name, and its dispatch is not blamed too', async () => {
    const { shard, gateway, slow, clock, block } = await slowShard();
    shard.on('resumed', block(400));
    shard.on('heartbeat', block(500));
    void shard.reconnect();
    await clock.advanceAsync(1_000);
    void shard.heartbeat();
    await clock.advanceAsync(1_000);
    expect(gateway.sockets).toHaveLength(2);
    expect(slow).toEqual([
      'the listeners of resumed blocked the event loop for 400 ms',
      'the listeners of heartbeat blocked the event loop for 500 ms',
    ]);
  });

  test('a listener of fault that blocks is reported once, not for its own report again', async () => {
    const { shard, gateway, slow, clock, block } = await slowShard();
    shard.on('fault', block(300));
    shard.onDispatch('MESSAGE_CREATE', block(300));
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(0);
    expect(slow).toEqual([dispatchSlow(300), 'the listeners of fault blocked the event loop for 300 ms']);
  });

  test.each([
    [null, []],
    [1_000, []],
    [100, [dispatchSlow(200)]],
  ])('is found by timing.slowListenerMs: %s', async (slowListenerMs, expected) => {
    const { shard, gateway, slow, block } = await slowShard({ timing: { slowListenerMs } });
    shard.onDispatch('MESSAGE_CREATE', block(200));
    gateway.dispatch('MESSAGE_CREATE');
    expect(slow).toEqual(expected);
  });

  test('the time that decoding takes is not that of the listeners, if the packet is large', async () => {
    const { shard, gateway, slow, clock } = await slowShard();
    shard.onDispatch('MESSAGE_CREATE', () => undefined);
    const { parse } = JSON;
    // Decoding this packet takes 2 s.
    JSON.parse = (text, reviver) => {
      if (text.includes('y'.repeat(70_000))) clock.sleep(2_000);
      return parse(text, reviver) as unknown;
    };
    try {
      gateway.dispatch('MESSAGE_CREATE', { pad: 'y'.repeat(70_000) });
    } finally {
      JSON.parse = parse;
    }
    expect(slow).toEqual([]);
  });
});

describe('a handler with concurrency that runs for long', () => {
  test('is reported after 30 s, once a minute, and again for a later call', async () => {
    const { shard, gateway, slow, clock } = await slowShard();
    shard.onDispatch('MESSAGE_CREATE', () => new Promise(() => undefined), { concurrency: 3, key: () => null });
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(10_000);
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(19_999);
    expect(slow).toEqual([]);
    await clock.advanceAsync(1);
    const running = 'a handler of MESSAGE_CREATE has been running for 30 s';
    expect(slow).toEqual([running]);
    await clock.advanceAsync(3_600_000);
    expect(slow).toEqual([running]);
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(30_000);
    expect(slow).toEqual([running, running]);
  });

  test('a call that ends in time is not reported, and no timer is left', async () => {
    const { shard, gateway, slow, clock } = await slowShard();
    const pendingBefore = clock.pending;
    const done = Promise.withResolvers<void>();
    shard.onDispatch('MESSAGE_CREATE', () => done.promise, { concurrency: 1 });
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(900);
    done.resolve();
    await clock.advanceAsync(200);
    expect(clock.pending).toBe(pendingBefore);
    expect(slow).toEqual([]);
  });

  test('timing.slowHandlerMs: null reports nothing', async () => {
    const { shard, gateway, slow, clock } = await slowShard({ timing: { slowHandlerMs: null } });
    shard.onDispatch('MESSAGE_CREATE', () => new Promise(() => undefined), { concurrency: 1 });
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(3_600_000);
    expect(slow).toEqual([]);
  });
});
