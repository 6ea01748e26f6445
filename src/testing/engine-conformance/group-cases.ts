/** How groups read the streams. */
import assert from 'node:assert/strict';
import type { Lease } from '../../cluster/ports/ownership.ts';
import type { EngineCase } from './engine-case.ts';
import { BOUNDS, SHARDS, TOTAL, dispatches, engineCase, sequencesOf } from './engine-kit.ts';
import type { EngineKit, TestMember } from './engine-kit.ts';

/** A node that publishes in shard 0, and the reader of that stream. */
interface Pair {
  readonly owner: TestMember;
  readonly lease: Lease;
  readonly reader: TestMember;
  readonly stream: Lease;
  /** Appends the dispatches after `base` up to `sequence`. */
  commit(base: number, sequence: number, bounds?: typeof BOUNDS): Promise<void>;
  read(count?: number): Promise<number[]>;
}

async function pairOf(kit: EngineKit): Promise<Pair> {
  const [owner, reader] = [await kit.member('owner'), await kit.reader('logs')];
  const [lease, stream] = [await owner.claim(0), await reader.claim(0)];
  return {
    owner,
    lease,
    reader,
    stream,
    commit: async (base, sequence, bounds = BOUNDS) => {
      const entries = dispatches(base + 1, sequence);
      const commit = { sessionId: 'session-a', base, sequence, entries, bounds };
      assert.deepEqual(await owner.connection.journal.commit(lease, commit), { kind: 'stored' });
    },
    read: async (count = 1_000) => sequencesOf((await reader.connection.log.read(stream, count)).dispatches),
  };
}

const positionsOf = async ({ reader, stream }: Pair, count = 1_000): Promise<string[]> =>
  (await reader.connection.log.read(stream, count)).dispatches.map(({ position }) => position);

export const GROUP_CASES: readonly EngineCase[] = [
  engineCase('reads a stream in its order, as far as asked', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 5);
    assert.deepEqual(await pair.read(2), [1, 2]);
    assert.deepEqual(await pair.read(2), [3, 4]);
    assert.deepEqual(await pair.read(2), [5]);
    assert.deepEqual(await pair.read(2), []);
  }),

  engineCase('reads what was there before if a group begins at the start', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 2);
    await pair.reader.connection.log.createGroup('logs', 'start');
    await pair.commit(2, 3);
    assert.deepEqual(await pair.read(), [1, 2, 3]);
  }),

  engineCase('names the groups', async (kit) => {
    const node = await kit.member('node');
    assert.deepEqual(await node.connection.log.groups(), []);
    for (const group of ['music', 'logs', 'music']) await node.connection.log.createGroup(group, 'end');
    assert.deepEqual(await node.connection.log.groups(), ['logs', 'music']);
  }),

  engineCase('reads only what comes later if a group begins at the end', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 2);
    await pair.reader.connection.log.createGroup('logs', 'end');
    await pair.commit(2, 3);
    assert.deepEqual(await pair.read(), [3]);
  }),

  engineCase('leaves a group where it is if it is created again', async (kit) => {
    const pair = await pairOf(kit);
    await pair.reader.connection.log.createGroup('logs', 'start');
    await kit.publish(pair.owner, pair.lease, 2);
    assert.deepEqual(await pair.read(1), [1]);
    await pair.reader.connection.log.createGroup('logs', 'end');
    await pair.reader.connection.log.createGroup('logs', 'start');
    assert.deepEqual(await pair.read(), [2]);
  }),

  engineCase('reads a stream that is newer than the group from its start', async (kit) => {
    const pair = await pairOf(kit);
    await pair.reader.connection.log.createGroup('logs', 'end');
    await kit.publish(pair.owner, pair.lease, 2);
    assert.deepEqual(await pair.read(), [1, 2]);
  }),

  engineCase('gives each group everything', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 3);
    const other = await kit.reader('music');
    const otherStream = await other.claim(0);
    assert.deepEqual(await pair.read(), [1, 2, 3]);
    assert.deepEqual(sequencesOf((await other.connection.log.read(otherStream, 10)).dispatches), [1, 2, 3]);
    assert.deepEqual((await pair.reader.connection.log.status('music')).shards[0], { shardId: 0, pending: 3, lag: 0 });
  }),

  engineCase('keeps the streams of shards apart', async (kit) => {
    const pair = await pairOf(kit);
    const [second, secondStream] = [await pair.owner.claim(1), await pair.reader.claim(1)];
    await kit.publish(pair.owner, pair.lease, 2);
    await kit.publish(pair.owner, second, 1);
    const { dispatches: read } = await pair.reader.connection.log.read(secondStream, 10);
    assert.deepEqual(
      read.map(({ shardId, sequence }) => [shardId, sequence]),
      [[1, 1]],
    );
    assert.deepEqual(await pair.read(), [1, 2]);
  }),

  engineCase('delivers an entry again until it is acknowledged, to the next reader too', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 5);
    const [first, , third] = await positionsOf(pair, 4);
    const { log } = pair.reader.connection;
    await log.ack(pair.stream, [first ?? '', third ?? '']);
    assert.deepEqual(sequencesOf((await log.claim(pair.stream)).dispatches), [2, 4]);
    await pair.reader.ownership.release(pair.stream);
    const next = await kit.reader('logs');
    const stream = await next.claim(0);
    const taken = await next.connection.log.claim(stream);
    assert.deepEqual(
      taken.dispatches.map(({ sequence, attempt }) => [sequence, attempt]),
      [
        [2, 1],
        [4, 1],
      ],
    );
    assert.equal(taken.trimmed, 0);
    assert.deepEqual(sequencesOf((await next.connection.log.read(stream, 10)).dispatches), [5]);
    await next.connection.log.ack(
      stream,
      taken.dispatches.map(({ position }) => position),
    );
    assert.deepEqual(sequencesOf((await next.connection.log.claim(stream)).dispatches), [5]);
  }),

  engineCase('takes over more than fits into one answer of a server, in order', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 450);
    await positionsOf(pair);
    const { dispatches: taken } = await pair.reader.connection.log.claim(pair.stream);
    assert.deepEqual(
      sequencesOf(taken),
      Array.from({ length: 450 }, (_, index) => index + 1),
    );
  }),

  engineCase('acknowledges nothing if there is nothing to acknowledge', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 1);
    const [position] = await positionsOf(pair);
    const { log } = pair.reader.connection;
    await log.ack(pair.stream, []);
    await log.ack(pair.stream, [position ?? '']);
    await log.ack(pair.stream, [position ?? '']);
    assert.deepEqual((await log.status('logs')).shards[0], { shardId: 0, pending: 0, lag: 0 });
  }),

  engineCase('counts the attempts of an entry', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 1);
    const [position = ''] = await positionsOf(pair);
    const { log } = pair.reader.connection;
    assert.equal(await log.retry(pair.stream, position), 2);
    assert.equal(await log.retry(pair.stream, position), 3);
    assert.equal((await log.claim(pair.stream)).dispatches[0]?.attempt, 3);
    assert.equal((await log.claim(pair.stream)).dispatches[0]?.attempt, 3);
    await log.ack(pair.stream, [position]);
    assert.equal(await log.retry(pair.stream, position), 1);
    assert.deepEqual((await log.claim(pair.stream)).dispatches, []);
  }),

  engineCase('says how far a group has come', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 5);
    const { log } = pair.reader.connection;
    const rest = [1, 2, 3].map((shardId) => ({ shardId, pending: 0, lag: 0 }));
    await log.createGroup('logs', 'start');
    assert.deepEqual(await log.status('logs'), {
      shards: [{ shardId: 0, pending: 0, lag: 5 }, ...rest],
      deadLetters: 0,
    });
    await pair.read(2);
    assert.deepEqual(await log.status('logs'), {
      shards: [{ shardId: 0, pending: 2, lag: 3 }, ...rest],
      deadLetters: 0,
    });
    const unknown = await log.status('a group that does not exist');
    assert.deepEqual([unknown.shards.length, unknown.deadLetters], [TOTAL, 0]);
  }),

  engineCase('keeps about as many entries as the bounds say, and counts those that a group has missed', async (kit) => {
    const pair = await pairOf(kit);
    const { log } = pair.reader.connection;
    await log.createGroup('logs', 'start');
    await kit.publish(pair.owner, pair.lease, 1);
    const bounds = { ...BOUNDS, maxLength: 200 };
    for (let base = 1; base < 2_001; base += 100) await pair.commit(base, base + 100, bounds);
    const { dispatches: read, trimmed } = await log.read(pair.stream, 10_000);
    assert.ok(read.length >= 200 && read.length < 1_000, `${read.length} are kept`);
    assert.equal(trimmed + read.length, 2_001);
    assert.equal(read.at(-1)?.sequence, 2_001);
    assert.equal((await log.read(pair.stream, 10)).trimmed, 0);
  }),

  engineCase('does not count what was trimmed before the group was created', async (kit) => {
    const pair = await pairOf(kit);
    const bounds = { ...BOUNDS, maxLength: 200 };
    await kit.publish(pair.owner, pair.lease, 1);
    for (let base = 1; base < 2_001; base += 100) await pair.commit(base, base + 100, bounds);
    await pair.reader.connection.log.createGroup('logs', 'start');
    assert.equal((await pair.reader.connection.log.read(pair.stream, 10)).trimmed, 0);
  }),

  engineCase('counts pending entries that were trimmed', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 10);
    assert.equal((await pair.read(10)).length, 10);
    const bounds = { ...BOUNDS, maxLength: 200 };
    for (let base = 10; base < 2_010; base += 100) await pair.commit(base, base + 100, bounds);
    const { log } = pair.reader.connection;
    assert.deepEqual(await log.claim(pair.stream), { dispatches: [], trimmed: 10 });
    assert.deepEqual(await log.claim(pair.stream), { dispatches: [], trimmed: 0 });
  }),

  engineCase('sweeps entries that are too old, of all streams', async (kit) => {
    const pair = await pairOf(kit);
    const [second, secondStream] = [await pair.owner.claim(1), await pair.reader.claim(1)];
    const { log } = pair.reader.connection;
    await log.createGroup('logs', 'start');
    await kit.publish(pair.owner, pair.lease, 3);
    await kit.publish(pair.owner, second, 2);
    await log.sweep(600_000);
    assert.equal((await log.status('logs')).shards[0]?.lag, 3);
    await kit.wait(50);
    await log.sweep(20);
    assert.deepEqual(await log.read(pair.stream, 10), { dispatches: [], trimmed: 3 });
    assert.deepEqual(await log.read(secondStream, 10), { dispatches: [], trimmed: 2 });
    await pair.commit(3, 4);
    assert.deepEqual(await pair.read(), [4]);
  }),

  engineCase('wakes a reader when something is appended, and names the stream', async (kit) => {
    const pair = await pairOf(kit);
    const other = await pair.reader.claim(1);
    const { log } = pair.reader.connection;
    await kit.publish(pair.owner, pair.lease, 1);
    await pair.read();
    const { signal } = new AbortController();
    let woken: readonly number[] | null = null;
    void log.wait([pair.stream, other], { timeoutMs: 600_000, signal }).then((shards) => (woken = shards));
    await kit.wait(100);
    assert.equal(woken, null);
    await pair.commit(1, 2);
    await kit.eventually('the reader wakes', () => woken !== null);
    assert.deepEqual(woken, [0]);
    assert.deepEqual(await pair.read(), [2]);
  }),

  engineCase('does not let a reader wait if there is something to read', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 1);
    const { signal } = new AbortController();
    assert.deepEqual(await pair.reader.connection.log.wait([pair.stream], { timeoutMs: 600_000, signal }), [0]);
  }),

  engineCase('ends the wait of a reader with no stream after its time, or when aborted', async (kit) => {
    const pair = await pairOf(kit);
    const { log } = pair.reader.connection;
    const abort = new AbortController();
    const ends: (readonly number[])[] = [];
    void log.wait([pair.stream], { timeoutMs: 60, signal: abort.signal }).then((shards) => ends.push(shards));
    await kit.eventually('the wait is over', () => ends.length === 1);
    void log.wait([pair.stream], { timeoutMs: 600_000, signal: abort.signal }).then((shards) => ends.push(shards));
    await kit.wait(20);
    abort.abort();
    await kit.eventually('the wait is aborted', () => ends.length === 2);
    assert.deepEqual(ends, [[], []]);
  }),

  engineCase('keeps a stream while its shard has no owner', async (kit) => {
    const pair = await pairOf(kit);
    await kit.publish(pair.owner, pair.lease, 2);
    await pair.owner.ownership.leave(pair.owner.member);
    assert.deepEqual(await pair.read(), [1, 2]);
    assert.equal((await pair.owner.connection.ownership(SHARDS).view()).shards[0]?.owner, null);
  }),
];
