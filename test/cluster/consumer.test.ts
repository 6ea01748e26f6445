/** What a consumer promises, on the memory engine and in virtual time. The numbers are those of docs/cluster.md. */
import { describe, expect, test, vi } from 'vitest';
import type { Delivery } from '../../src/cluster/consumer/delivery.ts';
import { MemoryDispatchLog } from '../../src/cluster/memory/memory-dispatch-log.ts';
import { LEASE_TTL_MS, contentOf, publishedStreams } from '../kit/published-streams.ts';

const message = (content: string, guild = '1') => ({ guild_id: guild, content });

/** Ends when the test says so. */
function openCalls() {
  const open = new Map<string, () => void>();
  return {
    open,
    hold: (content: string): Promise<void> => new Promise((resolve) => open.set(content, resolve)),
  };
}

describe('a consumer', () => {
  test('15: gets the dispatches of each shard in order, with an id that names session, shard and sequence', async () => {
    await using world = await publishedStreams({ total: 2 });
    const { consumer } = world.consumer();
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => got.push(`${delivery.id} ${data.content}`));
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('a'), message('b'));
    await world.publish(1, 'MESSAGE_CREATE', message('c'));
    await world.clock.advanceAsync(LEASE_TTL_MS);

    expect(got).toEqual(['session-0/0/1 a', 'session-0/0/2 b', 'session-1/1/1 c']);
    expect(await consumer.status()).toEqual({
      shards: [
        { shardId: 0, pending: 0, lag: 0 },
        { shardId: 1, pending: 0, lag: 0 },
      ],
      deadLetters: 0,
    });
  });

  test('15: reads a stream once for each of its events while few come', async () => {
    await using world = await publishedStreams();
    using read = vi.spyOn(MemoryDispatchLog.prototype, 'read');
    const { consumer } = world.consumer();
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', ({ content }) => got.push(content));
    await world.until(consumer.start());
    await world.clock.advanceAsync(1_000);
    const before = read.mock.calls.length;
    for (const content of ['a', 'b', 'c']) {
      await world.publish(0, 'MESSAGE_CREATE', message(content));
      await world.clock.advanceAsync(100);
    }

    expect(got).toEqual(['a', 'b', 'c']);
    expect(read.mock.calls.length - before).toBe(3);
  });

  test('15: two consumers of a group share the shards, and each dispatch is handled once', async () => {
    await using world = await publishedStreams({ total: 4 });
    const got: string[] = [];
    for (const name of ['first', 'second']) {
      const { consumer } = world.consumer({ consumer: name });
      consumer.onDispatch('MESSAGE_CREATE', ({ content }) => got.push(`${name} ${content}`));
      await world.until(consumer.start());
    }
    await world.clock.advanceAsync(3 * LEASE_TTL_MS);
    for (let shardId = 0; shardId < 4; shardId += 1)
      await world.publish(shardId, 'MESSAGE_CREATE', message(`${shardId}`));
    await world.clock.advanceAsync(LEASE_TTL_MS);

    expect(new Set(got.map((each) => each.split(' ')[1]))).toEqual(new Set(['0', '1', '2', '3']));
    expect(got).toHaveLength(4);
    expect(got.filter((each) => each.startsWith('first'))).toHaveLength(2);
  });

  test('15: handles dispatches of one guild one after the other, and those of others at the same time', async () => {
    await using world = await publishedStreams();
    const { consumer } = world.consumer();
    const { open, hold } = openCalls();
    consumer.onDispatch('MESSAGE_CREATE', ({ content }) => hold(content));
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('a1', '1'), message('a2', '1'), message('b1', '2'));
    await world.clock.advanceAsync(1_000);
    const atFirst = [...open.keys()];
    open.get('a1')!();
    await world.clock.advanceAsync(1);

    expect(atFirst).toEqual(['a1', 'b1']);
    expect([...open.keys()]).toEqual(['a1', 'b1', 'a2']);
    for (const end of open.values()) end();
  });

  test('15: runs no more handlers at once than concurrency allows', async () => {
    await using world = await publishedStreams();
    const { consumer } = world.consumer({ concurrency: 2 });
    const { open, hold } = openCalls();
    consumer.onDispatch('MESSAGE_CREATE', ({ content }) => hold(content));
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', ...['1', '2', '3', '4'].map((guild) => message(guild, guild)));
    await world.clock.advanceAsync(1_000);
    const atFirst = [...open.keys()];
    for (const content of ['1', '2', '3', '4']) {
      open.get(content)!();
      await world.clock.advanceAsync(1);
    }

    expect(atFirst).toEqual(['1', '2']);
    expect([...open.keys()]).toEqual(['1', '2', '3', '4']);
  });

  test('15: reads only as much as its handlers need', async () => {
    await using world = await publishedStreams();
    const { consumer } = world.consumer({ concurrency: 2 });
    const { open, hold } = openCalls();
    consumer.onDispatch('MESSAGE_CREATE', ({ content }) => hold(content));
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', ...Array.from({ length: 500 }, (_, index) => message(`${index}`)));
    await world.clock.advanceAsync(1_000);

    const [{ pending, lag } = { pending: 0, lag: 0 }] = (await consumer.status()).shards;
    expect(pending + lag).toBe(500);
    expect(pending).toBeLessThanOrEqual(33);
    for (let index = 0; index < 500; index += 1) {
      open.get(`${index}`)!();
      await world.clock.advanceAsync(1);
    }
    expect(open.size).toBe(500);
  });

  test('15: a consumer that was frozen begins nothing that it had read before', async () => {
    await using world = await publishedStreams();
    const first = world.consumer({ consumer: 'first' });
    const { open, hold } = openCalls();
    first.consumer.onDispatch('MESSAGE_CREATE', ({ content }) => hold(`first ${content}`));
    await world.until(first.consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('a'), message('b'));
    await world.clock.advanceAsync(1_000);
    // It neither renews nor hears anything, as a process that is stopped. Its handler ends when it is awake again.
    first.line.set({ isCut: true });
    const second = world.consumer({ consumer: 'second' });
    const got: string[] = [];
    second.consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => got.push(contentOf(data, delivery)));
    await world.until(second.consumer.start());
    await world.clock.advanceAsync(2 * LEASE_TTL_MS);
    open.get('first a')!();
    await world.clock.advanceAsync(1);
    first.line.set();
    await world.clock.advanceAsync(LEASE_TTL_MS);

    expect([...open.keys()]).toEqual(['first a']);
    expect(got).toEqual(['a#2', 'b#2']);
  });

  test('15: takes what is pending first after a read whose answer was lost', async () => {
    await using world = await publishedStreams();
    const { consumer, line } = world.consumer();
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => got.push(contentOf(data, delivery)));
    await world.until(consumer.start());
    await world.clock.advanceAsync(LEASE_TTL_MS);
    await world.publish(0, 'MESSAGE_CREATE', message('a'));
    line.set({ losesAnswers: true });
    await world.publish(0, 'MESSAGE_CREATE', message('b'), message('c'));
    await world.clock.advanceAsync(600);
    line.set();
    await world.publish(0, 'MESSAGE_CREATE', message('d'));
    await world.clock.advanceAsync(LEASE_TTL_MS);

    expect(got.map((each) => each.slice(0, 1))).toEqual(['a', 'b', 'c', 'd']);
    expect((await consumer.status()).shards).toEqual([{ shardId: 0, pending: 0, lag: 0 }]);
  });

  test('15: deliveries that are pulled come in the order of the shard, and one that is refused comes again', async () => {
    await using world = await publishedStreams();
    const { consumer } = world.consumer();
    await world.until(consumer.start());
    const got: string[] = [];
    const pulling = (async () => {
      for await (const delivery of consumer.deliveries()) {
        got.push(contentOf(delivery.dispatch.d, delivery));
        if (delivery.attempt === 1 && delivery.id.endsWith('/2')) await delivery.nack({ delayMs: 5_000 });
        else await delivery.ack();
      }
    })();
    await world.publish(0, 'MESSAGE_CREATE', message('a'), message('b'), message('c'));
    await world.clock.advanceAsync(LEASE_TTL_MS);
    await world.until(consumer.stop());
    await pulling;

    expect(got).toEqual(['a#1', 'b#1', 'c#1', 'b#2']);
  });

  test('acknowledges unread what nobody wants, and reads nothing while it has no handler', async () => {
    await using world = await publishedStreams();
    const { consumer } = world.consumer({ events: ['MESSAGE_CREATE', 'MESSAGE_DELETE'] });
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('a'));
    await world.publish(0, 'TYPING_START', message('b'));
    await world.publish(0, 'MESSAGE_DELETE', message('c'));
    await world.clock.advanceAsync(LEASE_TTL_MS);
    const before = (await consumer.status()).shards;
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => got.push(contentOf(data, delivery)));
    await world.clock.advanceAsync(LEASE_TTL_MS);

    expect(before).toEqual([{ shardId: 0, pending: 0, lag: 3 }]);
    expect(got).toEqual(['a#1']);
    expect((await consumer.status()).shards).toEqual([{ shardId: 0, pending: 0, lag: 0 }]);
  });

  test('18: two groups each get all, and start() resolves when the group exists on every stream', async () => {
    await using world = await publishedStreams({ total: 2 });
    const got: string[] = [];
    for (const group of ['bot', 'log']) {
      const { consumer } = world.consumer({ group });
      consumer.onDispatch('MESSAGE_CREATE', ({ content }) => got.push(`${group} ${content}`));
      await world.until(consumer.start());
    }
    // At once: no stream has been claimed yet.
    await world.publish(0, 'MESSAGE_CREATE', message('a'));
    await world.publish(1, 'MESSAGE_CREATE', message('b'));
    await world.clock.advanceAsync(2 * LEASE_TTL_MS);

    expect(got.toSorted()).toEqual(['bot a', 'bot b', 'log a', 'log b']);
  });

  test('18: a new group begins at the end, or at the start if it is asked to', async () => {
    await using world = await publishedStreams();
    await world.publish(0, 'MESSAGE_CREATE', message('early'));
    const got: string[] = [];
    for (const [group, from] of [['new', 'end'] as const, ['all', 'start'] as const]) {
      const { consumer } = world.consumer({ group, from });
      consumer.onDispatch('MESSAGE_CREATE', ({ content }) => got.push(`${group} ${content}`));
      await world.until(consumer.start());
    }
    await world.publish(0, 'MESSAGE_CREATE', message('late'));
    await world.clock.advanceAsync(2 * LEASE_TTL_MS);

    expect(got.toSorted()).toEqual(['all early', 'all late', 'new late']);
  });

  test('19: counts what was trimmed before the group had handled it', async () => {
    await using world = await publishedStreams({ maxLength: 10 });
    const { consumer, faults } = world.consumer();
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', ...Array.from({ length: 25 }, (_, index) => message(`${index}`)));
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', ({ content }) => got.push(content));
    await world.clock.advanceAsync(2 * LEASE_TTL_MS);

    expect(faults.map(({ code, message: text }) => `${code} ${text}`)).toEqual([
      'DISPATCHES_TRIMMED 15 dispatches of shard 0 were trimmed before the group had handled them',
    ]);
    expect(got).toEqual(Array.from({ length: 10 }, (_, index) => String(15 + index)));
  });

  test('20: passes the bytes on undecoded, and decodes d where it is read', async () => {
    await using world = await publishedStreams();
    const { consumer } = world.consumer();
    await world.until(consumer.start());
    const deliveries = consumer.deliveries();
    const { promise: first, resolve } = Promise.withResolvers<Delivery>();
    void deliveries.next().then(({ value }) => resolve(value!));
    const { entryOf, leases, bounds } = world;
    // Not JSON: whoever decodes it notices.
    const entry = { ...entryOf(1, 'MESSAGE_CREATE', message('a')), bytes: Buffer.from('{"t":"MESSAGE_CREATE"') };
    await world.connection.journal.commit(leases.get(0)!, {
      sessionId: 'session-0',
      base: 0,
      sequence: 1,
      entries: [entry],
      bounds,
    });
    const delivery = await world.until(first);

    expect(Buffer.from(delivery.dispatch.raw)).toEqual(entry.bytes);
    expect(() => delivery.dispatch.d).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    await delivery.ack();
  });

  test('calls with wrong arguments reject with an error that says so', async () => {
    await using world = await publishedStreams({ total: 2 });
    const { consumer } = world.consumer();
    await world.until(consumer.start());
    const wrong = undefined as never;
    const voice = { op: 4, d: { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false } } as const;

    await expect(consumer.requestGuildMembers(wrong)).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    await expect(consumer.updateVoiceState(wrong)).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    await expect(consumer.updatePresence(wrong)).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    await expect(consumer.send(wrong, voice)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(consumer.send({ guildId: 'x' }, voice)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(consumer.send({ shardId: 2 }, voice)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(() => consumer.onDispatch('messageCreate', () => undefined)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
    expect(() => consumer.on('error' as never, () => undefined)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });
});
