/** Handlers that take time: `onDispatch(type, handler, { concurrency, key })` on a shard. */
import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import type { Dispatch, ShardOptions } from '../../src/index.ts';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

interface Message {
  readonly id: string;
  readonly guild_id?: string;
  readonly channel_id?: string;
}

interface Call {
  readonly id: string;
  finish(): void;
  fail(cause: unknown): void;
}

const idOf = (data: unknown): string => (data as Message).id;

/** A handler whose calls a test ends one by one. */
function recordingHandler() {
  const calls: Call[] = [];
  const handler = (data: unknown): Promise<void> =>
    new Promise((resolve, reject) => calls.push({ id: idOf(data), finish: () => resolve(), fail: reject }));
  return {
    handler,
    /** The ids of all calls, in the order in which they began. */
    started: (): string[] => calls.map(({ id }) => id),
    call: (id: string): Call => calls.findLast((call) => call.id === id)!,
  };
}

async function shardWithMessages(options: Partial<ShardOptions> = {}) {
  const kit = await readyShard(options);
  const faults: [code: string, message: string, cause: unknown][] = [];
  kit.shard.on('fault', ({ code, message, cause }) => faults.push([code, message, cause]));
  /** Sends messages as `id`, or as `id@guild`. */
  const message = (...texts: string[]): void => {
    for (const text of texts) {
      const [id, guild] = text.split('@');
      kit.gateway.dispatch('MESSAGE_CREATE', {
        id,
        channel_id: '7',
        ...(guild === undefined ? {} : { guild_id: guild }),
      });
    }
  };
  return { ...kit, ...recordingHandler(), faults, message };
}

describe('onDispatch() with concurrency', () => {
  test('handles dispatches of other guilds at once, and those of one guild in order', async () => {
    const kit = await shardWithMessages();
    const { shard, clock, message, call, handler } = kit;
    shard.onDispatch('MESSAGE_CREATE', handler, { concurrency: 3 });
    message('1@a', '2@a', '3@b', '4@b', '5@c');
    expect(kit.started()).toEqual(['1', '3', '5']);
    call('3').finish();
    await clock.advanceAsync(0);
    expect(kit.started()).toEqual(['1', '3', '5', '4']);
    call('1').finish();
    await clock.advanceAsync(0);
    expect(kit.started()).toEqual(['1', '3', '5', '4', '2']);
  });

  test('runs at most that many calls at once, and starts the longest wait first', async () => {
    const kit = await shardWithMessages();
    const { shard, clock, message, call, handler } = kit;
    shard.onDispatch('MESSAGE_CREATE', handler, { concurrency: 2 });
    message('1@a', '2@b', '3@c', '4@d', '5@c');
    expect(kit.started()).toEqual(['1', '2']);
    for (const id of ['1', '2', '3']) {
      call(id).finish();
      await clock.advanceAsync(0);
    }
    expect(kit.started()).toEqual(['1', '2', '3', '4', '5']);
  });

  test.each([
    ['the guild', { guild_id: '5', channel_id: '1' }, { guild_id: '5', channel_id: '2' }, false],
    ['the channel without a guild', { channel_id: '1' }, { channel_id: '2' }, true],
    ['the channel without a guild, if it is the same', { channel_id: '1' }, { channel_id: '1' }, false],
    ['the shard without both', {}, {}, false],
    ['the shard, whatever the types of the fields', { guild_id: 5, channel_id: {} }, { guild_id: null }, false],
  ])('the default key is %s', async (_, first, second, isConcurrent) => {
    const kit = await shardWithMessages();
    kit.shard.onDispatch('MESSAGE_CREATE', kit.handler, { concurrency: 9 });
    kit.gateway.dispatch('MESSAGE_CREATE', { id: '1', ...first });
    kit.gateway.dispatch('MESSAGE_CREATE', { id: '2', ...second });
    expect(kit.started()).toEqual(isConcurrent ? ['1', '2'] : ['1']);
  });

  test('the default key of a GUILD_UPDATE is its own id', async () => {
    const kit = await shardWithMessages();
    const names: string[] = [];
    kit.shard.onDispatch(
      'GUILD_UPDATE',
      ({ name }) => {
        names.push(name);
        return new Promise(() => undefined);
      },
      { concurrency: 9 },
    );
    for (const [id, name] of [
      ['1', 'first'],
      ['2', 'second'],
      ['1', 'third'],
    ])
      kit.gateway.dispatch('GUILD_UPDATE', { id, name });
    expect(names).toEqual(['first', 'second']);
  });

  test('a key of the user decides what waits: a string, null for no order, undefined for the default', async () => {
    const kit = await shardWithMessages();
    const keys: Record<string, string | null | undefined> = {
      '1': 'x',
      '2': 'x',
      '3': null,
      '4': null,
      '6': undefined,
    };
    kit.shard.onDispatch('MESSAGE_CREATE', kit.handler, { concurrency: 9, key: ({ id }) => keys[id] });
    kit.message('1@a', '2@b', '3@a', '4@a', '5@c', '6@c');
    expect(kit.started()).toEqual(['1', '3', '4', '5']);
    expect(kit.faults).toEqual([]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no key');
      },
      'no key',
    ],
    ['returns a number', () => 7, 'a key must be a string, null or undefined; this one is of type number'],
    [
      'returns a promise that rejects',
      () => Promise.reject(new Error('late')),
      'a key must be a string, null or undefined; this one is of type object',
    ],
  ])('a key function that %s is a fault, and the default key is used', async (_, key, message) => {
    const kit = await shardWithMessages();
    kit.shard.onDispatch('MESSAGE_CREATE', kit.handler, { concurrency: 9, key: key as never });
    kit.message('1@a', '2@a', '3@b');
    expect(kit.started()).toEqual(['1', '3']);
    expect(kit.faults.map(([code, text, cause]) => [code, text, (cause as Error).message])).toEqual(
      Array.from({ length: 3 }, () => [
        'LISTENER_THREW',
        'the key function of a handler of "MESSAGE_CREATE" threw',
        message,
      ]),
    );
  });

  test('a handler that rejects or throws is a fault, and the next dispatch of its guild is handled', async () => {
    const kit = await shardWithMessages();
    const { shard, clock, message, call, handler } = kit;
    const oops = new Error('oops');
    shard.onDispatch('MESSAGE_CREATE', handler, { concurrency: 1 });
    shard.onDispatch(
      'MESSAGE_CREATE',
      ({ id }) => {
        if (id === '2') throw oops;
      },
      { concurrency: 1 },
    );
    message('1@a', '2@a');
    call('1').fail(oops);
    await clock.advanceAsync(0);
    expect(kit.started()).toEqual(['1', '2']);
    expect(kit.faults).toEqual([1, 2].map(() => ['LISTENER_THREW', 'a listener of "MESSAGE_CREATE" threw', oops]));
  });

  test('a handler that returns no promise is called at once, as a listener is', async () => {
    const { shard, message } = await shardWithMessages();
    const seen: string[] = [];
    shard.onDispatch('MESSAGE_CREATE', ({ id }) => void seen.push(id), { concurrency: 1 });
    message('1@a', '2@a', '3@a');
    expect(seen).toEqual(['1', '2', '3']);
  });

  test('a long wait of a handler that then returns no promise is worked off without recursion', async () => {
    const { shard, clock, message, call, handler } = await shardWithMessages();
    const seen: string[] = [];
    shard.onDispatch(
      'MESSAGE_CREATE',
      (data) => {
        seen.push(data.id);
        return data.id === '0' ? handler(data) : undefined;
      },
      { concurrency: 1 },
    );
    for (let id = 0; id < 20_000; id += 1) message(`${id}@a`);
    call('0').finish();
    await clock.advanceAsync(0);
    expect(seen).toHaveLength(20_000);
  });

  test('the handler gets the data and the dispatch, whose raw packet is still the one that arrived', async () => {
    const { shard, clock, message, gateway } = await shardWithMessages();
    const seen: [unknown, Dispatch, string][] = [];
    const gate = Promise.withResolvers<void>();
    shard.onDispatch(
      'MESSAGE_CREATE',
      async (data, dispatch) => {
        await gate.promise;
        seen.push([data, dispatch, Buffer.from(dispatch.raw).toString()]);
      },
      { concurrency: 1 },
    );
    message('1@a', '2@a');
    gate.resolve();
    await clock.advanceAsync(0);
    expect(seen.map(([data, { t, s, d }, raw]) => [data === d, t, s, JSON.parse(raw)])).toEqual([
      [true, 'MESSAGE_CREATE', 2, { op: 0, t: 'MESSAGE_CREATE', s: 2, d: { id: '1', channel_id: '7', guild_id: 'a' } }],
      [true, 'MESSAGE_CREATE', 3, { op: 0, t: 'MESSAGE_CREATE', s: 3, d: { id: '2', channel_id: '7', guild_id: 'a' } }],
    ]);
    expect(gateway.sockets).toHaveLength(1);
  });

  test('removing a handler drops what waits, and the calls that run go on', async () => {
    const kit = await shardWithMessages();
    const { shard, clock, message, call, handler, faults } = kit;
    const remove = shard.onDispatch('MESSAGE_CREATE', handler, { concurrency: 2, key: () => null });
    message('1', '2', '3', '4');
    remove();
    message('5');
    call('1').finish();
    call('2').fail(new Error('late'));
    await clock.advanceAsync(0);
    remove();
    expect(kit.started()).toEqual(['1', '2']);
    expect(faults.map(([code]) => code)).toEqual(['LISTENER_THREW']);
  });

  test('a handler that removes itself while it works off what waits is not called again', async () => {
    const { shard, clock, message } = await shardWithMessages();
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    const remove = shard.onDispatch(
      'MESSAGE_CREATE',
      ({ id }) => {
        seen.push(id);
        if (id === '1') return gate.promise;
        remove();
        return undefined;
      },
      { concurrency: 1, key: () => null },
    );
    message('1', '2', '3', '4');
    gate.resolve();
    await clock.advanceAsync(0);
    expect(seen).toEqual(['1', '2']);
  });

  test.each([
    [{ concurrency: 0 }, 'onDispatch(): concurrency must be a positive integer'],
    [{ concurrency: 1.5 }, 'onDispatch(): concurrency must be a positive integer'],
    [{ concurrency: '2' }, 'onDispatch(): concurrency must be a positive integer'],
    [{ concurrency: 2, key: 'guild_id' }, 'onDispatch(): key must be a function'],
    [{ key: () => null }, 'onDispatch(): key needs concurrency'],
    [7, 'onDispatch(): the options must be an object'],
  ])('refuses the options %o', (options, message) => {
    const { shard } = virtualShard();
    expect(() => shard.onDispatch('MESSAGE_CREATE', () => undefined, options as object)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message }) as Error,
    );
  });

  test('refuses a handler that is no function, and without concurrency calls the listener as before', async () => {
    const { shard, message } = await shardWithMessages();
    expect(() => shard.onDispatch('MESSAGE_CREATE', 7 as never, { concurrency: 1 })).toThrow('must be a function');
    const seen: string[] = [];
    shard.onDispatch('MESSAGE_CREATE', ({ id }) => new Promise(() => void seen.push(id)), {});
    message('1@a', '2@a');
    expect(seen).toEqual(['1', '2']);
  });

  test('at 1,024 waiting dispatches the socket is paused, until half of them are taken', async () => {
    const kit = await shardWithMessages();
    const { shard, clock, gateway, message, call, handler } = kit;
    shard.onDispatch('MESSAGE_CREATE', handler, { concurrency: 1, key: () => 'one' });
    for (let id = 0; id < 1_024; id += 1) message(String(id));
    expect(gateway.last.paused).toBe(false);
    message('1024');
    expect(gateway.last.paused).toBe(true);
    for (let id = 0; id < 512; id += 1) {
      expect(gateway.last.paused).toBe(true);
      call(String(id)).finish();
      await clock.advanceAsync(0);
    }
    expect(gateway.last.paused).toBe(false);
  });
});

describe('concurrent handlers and the session', () => {
  test('a dispatch that waits is not stored as delivered; one whose handler was called is', async () => {
    const sessionStore = new MemorySessionStore();
    const { shard, clock, message, call, handler } = await shardWithMessages({ sessionStore });
    shard.onDispatch('MESSAGE_CREATE', handler, { concurrency: 1 });
    message('1@a', '2@a', '3@a');
    await clock.advanceAsync(1_000);
    expect(await sessionStore.load(0)).toMatchObject({ sequence: 2 });
    call('1').finish();
    await clock.advanceAsync(1_000);
    expect(await sessionStore.load(0)).toMatchObject({ sequence: 3 });
  });

  test('after disconnect() no call starts, until connect()', async () => {
    const sessionStore = new MemorySessionStore();
    const kit = await shardWithMessages({ sessionStore });
    const { shard, clock, message, call, handler } = kit;
    shard.onDispatch('MESSAGE_CREATE', handler, { concurrency: 1 });
    message('1@a', '2@a');
    const disconnected = shard.disconnect();
    await clock.advanceAsync(100);
    await disconnected;
    call('1').finish();
    await clock.advanceAsync(60_000);
    expect(kit.started()).toEqual(['1']);
    expect(await sessionStore.load(0)).toMatchObject({ sequence: 2 });
    const connected = shard.connect();
    await clock.advanceAsync(1_000);
    await connected;
    expect(kit.started()).toEqual(['1', '2']);
  });

  test('the next process gets what waited at disconnect(), and nothing twice', async () => {
    const sessionStore = new MemorySessionStore();
    const first = await shardWithMessages({ sessionStore });
    first.shard.onDispatch('MESSAGE_CREATE', first.handler, { concurrency: 1 });
    first.message('1@a', '2@a', '3@a');
    const disconnected = first.shard.disconnect();
    await first.clock.advanceAsync(100);
    await disconnected;
    const { shard, clock, gateway } = virtualShard({ sessionStore });
    void shard.connect();
    await clock.advanceAsync(10);
    expect(first.started()).toEqual(['1']);
    expect(gateway.sent(6).map(({ d }) => (d as { seq: number }).seq)).toEqual([2]);
  });

  test.each([
    [
      'the session is discarded',
      (kit: Awaited<ReturnType<typeof shardWithMessages>>) => {
        void kit.shard.disconnect({ session: 'discard' });
      },
    ],
    [
      'the shard fails',
      (kit: Awaited<ReturnType<typeof shardWithMessages>>) => {
        kit.shard.on('failed', () => undefined);
        kit.gateway.last.end(4004);
      },
    ],
  ])('what waits is still handled if %s, because it does not come again', async (_, stop) => {
    const kit = await shardWithMessages();
    kit.shard.onDispatch('MESSAGE_CREATE', kit.handler, { concurrency: 1 });
    kit.message('1@a', '2@a');
    stop(kit);
    await kit.clock.advanceAsync(100);
    kit.call('1').finish();
    await kit.clock.advanceAsync(0);
    expect(kit.started()).toEqual(['1', '2']);
  });
});
