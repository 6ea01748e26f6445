/** What a consumer promises where handlers fail, consumers end, and engines forget. In virtual time. */
import { describe, expect, test } from 'vitest';
import { GuildKeeper } from '../../src/session/snapshot/guild-keeper.ts';
import { LEASE_TTL_MS, contentOf, publishedStreams } from '../kit/published-streams.ts';

const message = (content: string, guild = '1') => ({ guild_id: guild, content });

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of iterable) all.push(each);
  return all;
}

describe('a consumer whose handler fails', () => {
  test('16: delivers again after a wait that grows, then keeps a dead letter; other guilds are not held up', async () => {
    await using world = await publishedStreams();
    const { consumer, faults } = world.consumer({ maxDeliveries: 3 });
    let publishedAt = 0;
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => {
      got.push(`${contentOf(data, delivery)} ${Math.round((world.clock.now() - publishedAt) / 1_000)}`);
      if (data.content === 'bad') throw new Error('no');
    });
    await world.until(consumer.start());
    await world.clock.advanceAsync(LEASE_TTL_MS);
    publishedAt = world.clock.now();
    await world.publish(0, 'MESSAGE_CREATE', message('bad'), message('next'), message('other', '2'));
    await world.clock.advanceAsync(10_000);

    expect(got).toEqual(['bad#1 0', 'other#1 0', 'bad#2 1', 'bad#3 3', 'next#1 3']);
    expect(faults.map(({ code }) => code)).toEqual(['LISTENER_THREW', 'LISTENER_THREW', 'LISTENER_THREW']);
    expect(faults.at(-1)!.message).toBe(
      'a handler of MESSAGE_CREATE failed at attempt 3; session-0/0/1 is a dead letter now',
    );
    expect(await consumer.status()).toEqual({ shards: [{ shardId: 0, pending: 0, lag: 0 }], deadLetters: 1 });
  });

  test('16, 19: of more dead letters than maxDeadLetters the oldest are removed, with a fault that has their number', async () => {
    await using world = await publishedStreams();
    const { consumer, faults } = world.consumer({ maxDeliveries: 1, maxDeadLetters: 2 });
    consumer.onDispatch('MESSAGE_CREATE', () => {
      throw new Error('the database is away');
    });
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('first'), message('second'), message('third'));
    await world.clock.advanceAsync(LEASE_TTL_MS);

    const letters = await collect(consumer.deadLetters());
    expect(letters.map(({ id }) => id)).toEqual(['session-0/0/2', 'session-0/0/3']);
    expect(faults.filter(({ code }) => code === 'DISPATCHES_TRIMMED').map((fault) => fault.message)).toEqual([
      'the 1 oldest dead letters were removed, because there were more than maxDeadLetters (2)',
    ]);
  });

  test('16: dead letters can be read, and delivered again', async () => {
    await using world = await publishedStreams();
    const { consumer } = world.consumer({ maxDeliveries: 1 });
    const got: string[] = [];
    let isBroken = true;
    consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => {
      got.push(contentOf(data, delivery));
      if (isBroken && data.content === 'bad') throw new Error('the database is away');
    });
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('bad'), message('good'));
    await world.clock.advanceAsync(LEASE_TTL_MS);
    const [letter, ...others] = await collect(consumer.deadLetters());
    isBroken = false;
    await consumer.redeliver(letter!);
    await world.clock.advanceAsync(LEASE_TTL_MS);

    expect(others).toEqual([]);
    expect({ id: letter!.id, error: letter!.error, d: letter!.dispatch.d }).toEqual({
      id: 'session-0/0/1',
      error: 'the database is away',
      d: message('bad'),
    });
    expect(got).toEqual(['bad#1', 'good#1', 'bad#1']);
    expect((await consumer.status()).deadLetters).toBe(0);
    await expect(consumer.redeliver({ ...letter! })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  test('16: a handler that never settles counts as failed after claimAfterMs, and frees its place', async () => {
    await using world = await publishedStreams();
    const { consumer, faults } = world.consumer({ concurrency: 1, claimAfterMs: 5_000 });
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => {
      got.push(contentOf(data, delivery));
      return data.content === 'stuck' && delivery.attempt === 1 ? new Promise(() => undefined) : undefined;
    });
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('stuck'), message('other', '2'));
    await world.clock.advanceAsync(4_000);
    const early = [...got];
    await world.clock.advanceAsync(10_000);

    expect(early).toEqual(['stuck#1']);
    expect(got).toEqual(['stuck#1', 'other#1', 'stuck#2']);
    expect(faults.map(({ code }) => code)).toEqual(['SLOW_LISTENER', 'LISTENER_THREW']);
  });

  test('16: a guild that is slow or fails keeps no other from being read, however much waits behind it', async () => {
    await using world = await publishedStreams();
    const { consumer } = world.consumer({ concurrency: 2 });
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', ({ content, guild_id: guild }) => {
      got.push(content);
      return guild === '1' ? new Promise(() => undefined) : undefined;
    });
    await world.until(consumer.start());
    const flood = Array.from({ length: 200 }, (_, index) => message(`${index}`));
    await world.publish(0, 'MESSAGE_CREATE', ...flood, message('other', '2'));
    await world.clock.advanceAsync(6_000);

    expect(got).toEqual(['0', 'other']);
  });

  test('16: what a process had read and not begun does not count as an attempt', async () => {
    await using world = await publishedStreams();
    const got: string[] = [];
    for (const name of ['first', 'second', 'third', 'fourth']) {
      const { consumer, line } = world.consumer({ consumer: name, maxDeliveries: 3 });
      const isLast = name === 'fourth';
      consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => {
        got.push(`${name} ${contentOf(data, delivery)}`);
        // The process ends here: it settles nothing and renews nothing.
        if (!isLast) line.set({ isCut: true });
        return isLast ? undefined : new Promise(() => undefined);
      });
      await world.until(consumer.start());
      if (name === 'first') await world.publish(0, 'MESSAGE_CREATE', message('kills'), message('innocent'));
      await world.clock.advanceAsync(4 * LEASE_TTL_MS);
    }
    const letters = await world.connection.log.deadLetters('bot', { after: null, count: 10 });

    expect(got).toEqual(['first kills#1', 'second kills#2', 'third kills#3', 'fourth innocent#2']);
    expect(letters.map(({ dispatch }) => dispatch.sequence)).toEqual([1]);
  });
});

describe('a consumer that ends', () => {
  test('17: after its lease another one has its shards, with what was under way first', async () => {
    await using world = await publishedStreams();
    const first = world.consumer({ consumer: 'first' });
    first.consumer.onDispatch('MESSAGE_CREATE', () => new Promise(() => undefined));
    await world.until(first.consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('a'));
    await world.clock.advanceAsync(1_000);
    const second = world.consumer({ consumer: 'second' });
    const got: string[] = [];
    second.consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => got.push(contentOf(data, delivery)));
    await world.until(second.consumer.start());
    first.line.set({ isCut: true });
    await world.publish(0, 'MESSAGE_CREATE', message('b'));
    await world.clock.advanceAsync(LEASE_TTL_MS + 1_000);

    expect(got).toEqual(['a#2', 'b#1']);
  });

  test('17: stop() begins nothing more, lets handlers finish, and gives the shards to the others at once', async () => {
    await using world = await publishedStreams();
    const first = world.consumer({ consumer: 'first' });
    const got: string[] = [];
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    first.consumer.onDispatch('MESSAGE_CREATE', async (data, delivery) => {
      got.push(`first ${contentOf(data, delivery)}`);
      await ended;
    });
    await world.until(first.consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('a'), message('b'));
    const second = world.consumer({ consumer: 'second' });
    second.consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => got.push(`second ${contentOf(data, delivery)}`));
    await world.until(second.consumer.start());
    let isStopped = false;
    const stopped = first.consumer.stop().then(() => (isStopped = true));
    await world.clock.advanceAsync(2_000);
    const before = [...got, isStopped];
    end();
    await world.until(stopped);
    await world.clock.advanceAsync(1_000);

    expect(before).toEqual(['first a#1', false]);
    expect(got).toEqual(['first a#1', 'second b#2']);
  });

  test('17: stop() ends soon although the engine is away', async () => {
    await using world = await publishedStreams();
    const { consumer, line } = world.consumer();
    consumer.onDispatch('MESSAGE_CREATE', () => line.set({ isCut: true }));
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('a'));
    await world.clock.advanceAsync(100);
    const before = world.clock.now();
    await world.until(consumer.stop());

    expect(world.clock.now() - before).toBeLessThan(6_000);
  });

  test('stop() while start() waits for the first node makes start() reject with STOPPED', async () => {
    await using world = await publishedStreams();
    world.server.empty();
    world.server.stop();
    const { consumer, faults } = world.consumer();
    const started = consumer.start();
    await world.clock.advanceAsync(2_000);
    await world.until(consumer.stop());

    await expect(started).rejects.toMatchObject({ code: 'STOPPED' });
    expect(faults.map(({ code }) => code)).toEqual(['ENGINE_UNAVAILABLE']);
    world.server.start();
  });
});

describe('a consumer whose engine is away or forgets', () => {
  test('reports ENGINE_UNAVAILABLE once, and goes on where it was', async () => {
    await using world = await publishedStreams();
    const { consumer, line, faults } = world.consumer();
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => got.push(contentOf(data, delivery)));
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('a'));
    await world.clock.advanceAsync(LEASE_TTL_MS);
    line.set({ isCut: true });
    await world.publish(0, 'MESSAGE_CREATE', message('b'));
    await world.clock.advanceAsync(30_000);
    line.set();
    await world.clock.advanceAsync(LEASE_TTL_MS);

    expect(got).toEqual(['a#1', 'b#1']);
    expect(faults.map(({ code }) => code)).toEqual(['ENGINE_UNAVAILABLE']);
  });

  test('skips what it has handled when the node appends it again to an engine that came back empty', async () => {
    await using world = await publishedStreams();
    const { consumer } = world.consumer();
    const got: string[] = [];
    consumer.onDispatch('MESSAGE_CREATE', (data, delivery) => got.push(contentOf(data, delivery)));
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('a'), message('b'));
    await world.clock.advanceAsync(LEASE_TTL_MS);
    world.server.empty();
    const { connection, leases, entryOf, bounds } = world;
    const { sessionId, ...session } = { sessionId: 'session-0', resumeUrl: 'wss://resume.test', sequence: 0 };
    await connection.agree({ total: 1 });
    await connection
      .ownership({ kind: 'shards' })
      .restore(leases.get(0)!, { ...session, sessionId, shardId: 0, shardCount: 1 });
    await connection.journal.commit(leases.get(0)!, {
      sessionId,
      base: 0,
      sequence: 3,
      entries: ['a', 'b', 'c'].map((content, index) => entryOf(index + 1, 'MESSAGE_CREATE', message(content))),
      bounds,
    });
    await world.clock.advanceAsync(2 * LEASE_TTL_MS);

    expect(got).toEqual(['a#1', 'b#1', 'c#1']);
    expect((await consumer.status()).shards).toEqual([{ shardId: 0, pending: 0, lag: 0 }]);
  });
});

/** Keeps a snapshot of shard 0 in the engine, as a node with warmStart does. */
async function keep({ connection, leases }: Awaited<ReturnType<typeof publishedStreams>>): Promise<void> {
  const frames: Buffer[] = [];
  const keeper = new GuildKeeper({
    record: (frame) => frames.push(frame),
    onError: (cause) => expect.fail(String(cause)),
  });
  keeper.start('session-0', '9');
  const kept = (t: string, s: number, d: object): void =>
    keeper.keep('session-0', t, s, Buffer.from(JSON.stringify({ t, s, op: 0, d })));
  kept('READY', 1, { user: { id: '9' }, guilds: [{ id: '1', unavailable: true }] });
  kept('GUILD_CREATE', 2, { id: '1', name: 'old', members: [{ user: { id: '5' } }], channels: [] });
  kept('GUILD_UPDATE', 4, { id: '1', name: 'new' });
  await connection.journal.saveSnapshot(leases.get(0)!, Buffer.concat(frames));
}

describe('a consumer with warmStart', () => {
  test('22: delivers READY and the guilds as they were before the next dispatch, with isRestored, then the rest', async () => {
    await using world = await publishedStreams();
    const { consumer, faults } = world.consumer({ warmStart: true });
    const got: unknown[] = [];
    await keep(world);
    await world.publish(0, 'TYPING_START', {}, {});
    await world.until(consumer.start());
    await world.publish(0, 'GUILD_DELETE', { id: '2' });
    await world.publish(0, 'GUILD_UPDATE', { id: '1', name: 'new' });
    consumer.on('dispatch', ({ t, s, d, isRestored }, shardId) => void got.push({ t, s, d, isRestored, shardId }));
    await world.clock.advanceAsync(LEASE_TTL_MS);

    const restored = { s: 2, isRestored: true, shardId: 0 };
    expect(got).toEqual([
      { t: 'READY', d: { user: { id: '9' }, guilds: [{ id: '1', unavailable: true }] }, ...restored },
      { t: 'GUILD_CREATE', d: { id: '1', name: 'old', members: [], channels: [] }, ...restored },
      { t: 'GUILD_DELETE', s: 3, d: { id: '2' }, isRestored: undefined, shardId: 0 },
      { t: 'GUILD_UPDATE', s: 4, d: { id: '1', name: 'new' }, isRestored: undefined, shardId: 0 },
    ]);
    expect(faults).toEqual([]);
    expect((await consumer.status()).shards).toEqual([{ shardId: 0, pending: 0, lag: 0 }]);
  });

  test('22: delivers the guilds also if nothing else comes', async () => {
    await using world = await publishedStreams();
    const { consumer } = world.consumer({ warmStart: true });
    const got: string[] = [];
    consumer.on('dispatch', ({ t, d }) => void got.push(`${t} ${(d as { name?: string }).name}`));
    await keep(world);
    await world.until(consumer.start());
    await world.clock.advanceAsync(LEASE_TTL_MS);

    expect(got).toEqual(['READY undefined', 'GUILD_CREATE new']);
  });

  test('reports SNAPSHOT_FAILED if the nodes keep no guilds, and delivers what comes', async () => {
    await using world = await publishedStreams();
    const { consumer, faults } = world.consumer({ warmStart: true });
    const got: string[] = [];
    consumer.on('dispatch', ({ t }) => void got.push(t));
    await world.until(consumer.start());
    await world.publish(0, 'MESSAGE_CREATE', message('a'));
    await world.clock.advanceAsync(LEASE_TTL_MS);

    expect(got).toEqual(['MESSAGE_CREATE']);
    expect(faults.map(({ code }) => code)).toEqual(['SNAPSHOT_FAILED']);
  });
});
