/** The resume point of a shard, and the stream that moves with it. */
import assert from 'node:assert/strict';
import type { JournalCommit } from '../../cluster/ports/session-journal.ts';
import type { EngineCase } from './engine-case.ts';
import { BOUNDS, dispatches, engineCase, sequencesOf, sessionOf } from './engine-kit.ts';
import type { EngineKit, TestMember } from './engine-kit.ts';

const STORED = { kind: 'stored' };

/** The step from `base` to `sequence` with all dispatches between. */
const step = (base: number, sequence: number): JournalCommit => ({
  sessionId: 'session-a',
  base,
  sequence,
  entries: dispatches(base + 1, sequence),
  bounds: BOUNDS,
});

/** The sequences in the stream of shard 0, as a new group reads them from the start. */
async function streamOf(kit: EngineKit, group = 'all'): Promise<number[]> {
  const reader: TestMember = await kit.reader(group);
  const { dispatches: read, trimmed } = await reader.connection.log.read(await reader.claim(0), 10_000);
  assert.equal(trimmed, 0);
  return sequencesOf(read);
}

export const JOURNAL_CASES: readonly EngineCase[] = [
  engineCase('has no session of a shard before one is opened', async (kit) => {
    const owner = await kit.member('owner');
    assert.equal(await owner.connection.journal.load(await owner.claim(0)), null);
  }),

  engineCase('stores a session with all its fields', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    const session = {
      ...sessionOf(0, 3),
      bot: 'a digest',
      intents: 513,
      version: 10,
      compression: 'zlib-stream',
      encoding: 'json',
      presence: 'another digest',
      user: { id: '80351110224678912', username: 'žluťoučký 🐎', flags: 0 },
      application: { id: '80351110224678913', flags: 565_248 },
      snapshotSequence: 2,
    };
    assert.deepEqual(await owner.connection.journal.open(lease, session, [], BOUNDS), STORED);
    assert.deepEqual(await owner.connection.journal.load(lease), session);
  }),

  engineCase('gives the session of a shard to its next owner', async (kit) => {
    const [owner, next] = [await kit.member('owner'), await kit.member('next')];
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 3);
    await owner.connection.journal.commit(lease, step(3, 8));
    await owner.ownership.release(lease, { to: next.instance });
    assert.deepEqual(await next.connection.journal.load(await next.claim(0)), sessionOf(0, 8));
  }),

  engineCase('keeps the sessions of shards apart', async (kit) => {
    const owner = await kit.member('owner');
    const leases = [await owner.claim(0), await owner.claim(1)];
    for (const lease of leases)
      await owner.connection.journal.open(lease, sessionOf(lease.shardId, 1, `session-${lease.shardId}`), [], BOUNDS);
    const sessions = await Promise.all(leases.map((lease) => owner.connection.journal.load(lease)));
    assert.deepEqual(sessions, [sessionOf(0, 1, 'session-0'), sessionOf(1, 1, 'session-1')]);
  }),

  engineCase('appends the dispatches of a new session as it stores the session', async (kit) => {
    const owner = await kit.member('owner');
    await kit.publish(owner, await owner.claim(0), 3);
    assert.deepEqual(await streamOf(kit), [1, 2, 3]);
  }),

  engineCase('stores a session once if open() is repeated', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 2);
    await owner.connection.journal.commit(lease, step(2, 4));
    const again = { ...sessionOf(0, 2), presence: 'new' };
    assert.deepEqual(await owner.connection.journal.open(lease, again, dispatches(1, 2), BOUNDS), STORED);
    assert.deepEqual(await owner.connection.journal.load(lease), { ...sessionOf(0, 4), presence: 'new' });
    assert.deepEqual(await streamOf(kit), [1, 2, 3, 4]);
  }),

  engineCase('says that it is behind if open() has a higher sequence of a session that it has', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 2);
    const opened = await owner.connection.journal.open(lease, sessionOf(0, 5), dispatches(4, 5), BOUNDS);
    assert.deepEqual(opened, { kind: 'behind', sequence: 2 });
    assert.deepEqual(await streamOf(kit), [1, 2]);
  }),

  engineCase('replaces a session by another one', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 5);
    const next = sessionOf(0, 1, 'session-b');
    assert.deepEqual(await owner.connection.journal.open(lease, next, dispatches(1, 1), BOUNDS), STORED);
    assert.deepEqual(await owner.connection.journal.load(lease), next);
    assert.deepEqual(await owner.connection.journal.commit(lease, step(5, 6)), { kind: 'otherSession' });
    assert.deepEqual(await streamOf(kit), [1, 2, 3, 4, 5, 1]);
  }),

  engineCase('does not commit to a session that it does not have', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    assert.deepEqual(await owner.connection.journal.commit(lease, step(0, 1)), { kind: 'otherSession' });
    assert.deepEqual(await streamOf(kit), []);
  }),

  engineCase('moves the sequence with the dispatches that it appends', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 1);
    assert.deepEqual(await owner.connection.journal.commit(lease, step(1, 4)), STORED);
    assert.deepEqual(await owner.connection.journal.load(lease), sessionOf(0, 4));
    assert.deepEqual(await streamOf(kit), [1, 2, 3, 4]);
  }),

  engineCase('moves the sequence without dispatches', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 1);
    const commit = { sessionId: 'session-a', base: 0, sequence: 9, entries: [], bounds: BOUNDS };
    assert.deepEqual(await owner.connection.journal.commit(lease, commit), STORED);
    assert.deepEqual(await owner.connection.journal.load(lease), sessionOf(0, 9));
  }),

  engineCase('appends nothing twice if a commit is repeated', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 1);
    for (const commit of [step(1, 3), step(1, 3), step(3, 5), step(1, 3)])
      assert.deepEqual(await owner.connection.journal.commit(lease, commit), STORED);
    assert.deepEqual(await owner.connection.journal.load(lease), sessionOf(0, 5));
    assert.deepEqual(await streamOf(kit), [1, 2, 3, 4, 5]);
  }),

  engineCase('appends only what is missing if it has a part of a commit', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 3);
    assert.deepEqual(await owner.connection.journal.commit(lease, step(1, 6)), STORED);
    assert.deepEqual(await streamOf(kit), [1, 2, 3, 4, 5, 6]);
  }),

  engineCase('stores nothing of a commit that does not continue what it has', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 2);
    assert.deepEqual(await owner.connection.journal.commit(lease, step(5, 7)), { kind: 'behind', sequence: 2 });
    assert.deepEqual(await owner.connection.journal.load(lease), sessionOf(0, 2));
    assert.deepEqual(await streamOf(kit), [1, 2]);
  }),

  engineCase('changes the other fields of a session with a commit', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 2);
    const session = { ...sessionOf(0, 77), presence: 'new' };
    assert.deepEqual(await owner.connection.journal.commit(lease, { ...step(2, 3), session }), STORED);
    assert.deepEqual(await owner.connection.journal.load(lease), { ...session, sequence: 3 });
    const unmoved = { ...step(3, 3), session: { ...session, presence: 'newer' } };
    assert.deepEqual(await owner.connection.journal.commit(lease, unmoved), STORED);
    assert.deepEqual(await owner.connection.journal.load(lease), { ...unmoved.session, sequence: 3 });
  }),

  engineCase('keeps the newer fields of a session if an older commit is repeated', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 1);
    const older = { ...step(1, 2), session: { ...sessionOf(0, 2), presence: 'old' } };
    const newer = { ...step(2, 3), session: { ...sessionOf(0, 3), presence: 'new' } };
    for (const commit of [older, newer, older]) await owner.connection.journal.commit(lease, commit);
    assert.deepEqual(await owner.connection.journal.load(lease), newer.session);
  }),

  engineCase('appends in the order of the calls, without waiting for their answers', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 1);
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        owner.connection.journal.commit(lease, step(1 + 3 * index, 4 + 3 * index)),
      ),
    );
    assert.ok(results.every(({ kind }) => kind === 'stored'));
    assert.deepEqual(
      await streamOf(kit),
      Array.from({ length: 151 }, (_, index) => index + 1),
    );
  }),

  engineCase('keeps the bytes and the fields of a dispatch', async (kit) => {
    const [owner, reader] = [await kit.member('owner'), await kit.reader('all')];
    const lease = await owner.claim(0);
    const large = {
      sequence: 2,
      t: 'GUILD_CREATE',
      guildId: '81384788765712384',
      bytes: new Uint8Array(300_000).fill(120),
    };
    const [small] = dispatches(1, 1);
    assert.ok(small);
    await owner.connection.journal.open(lease, sessionOf(0, 2), [small, large], BOUNDS);
    const { dispatches: read } = await reader.connection.log.read(await reader.claim(0), 10);
    assert.deepEqual(
      read.map(({ position: _position, bytes, ...rest }) => ({
        ...rest,
        bytes: Buffer.from(bytes).toString('base64'),
      })),
      [small, large].map(({ bytes, ...rest }) => ({
        ...rest,
        shardId: 0,
        sessionId: 'session-a',
        attempt: 1,
        isRedelivered: false,
        bytes: Buffer.from(bytes).toString('base64'),
      })),
    );
  }),

  engineCase('keeps what it was given if the caller uses the bytes again', async (kit) => {
    const [owner, reader] = [await kit.member('owner'), await kit.reader('all')];
    const lease = await owner.claim(0);
    const bytes = Uint8Array.of(1, 2, 3);
    await owner.connection.journal.open(
      lease,
      sessionOf(0, 1),
      [{ sequence: 1, t: 'A', guildId: null, bytes }],
      BOUNDS,
    );
    await owner.connection.journal.saveSnapshot(lease, bytes);
    bytes.fill(9);
    const { dispatches: read } = await reader.connection.log.read(await reader.claim(0), 10);
    assert.deepEqual([...(read[0]?.bytes ?? [])], [1, 2, 3]);
    assert.deepEqual([...((await owner.connection.journal.loadSnapshot(0)) ?? [])], [1, 2, 3]);
  }),

  engineCase('deletes a session and its snapshot, and keeps the stream', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 2);
    await owner.connection.journal.saveSnapshot(lease, Uint8Array.of(1));
    await owner.connection.journal.clear(lease);
    assert.equal(await owner.connection.journal.load(lease), null);
    assert.equal(await owner.connection.journal.loadSnapshot(0), null);
    assert.deepEqual(await streamOf(kit), [1, 2]);
  }),

  engineCase('keeps a snapshot of bytes that grow, until it is replaced', async (kit) => {
    const owner = await kit.member('owner');
    const { journal } = owner.connection;
    const lease = await owner.claim(0);
    const all = Uint8Array.from({ length: 256 }, (_, value) => value);
    assert.equal(await journal.loadSnapshot(0), null);
    await journal.saveSnapshot(lease, all);
    await journal.appendSnapshot(lease, Uint8Array.of(0, 255));
    assert.deepEqual([...((await journal.loadSnapshot(0)) ?? [])], [...all, 0, 255]);
    await journal.saveSnapshot(lease, Uint8Array.of(5));
    assert.deepEqual([...((await journal.loadSnapshot(0)) ?? [])], [5]);
    assert.equal(await journal.loadSnapshot(1), null);
  }),
];
