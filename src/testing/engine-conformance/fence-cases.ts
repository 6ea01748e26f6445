/** No write passes with a lease that is lost, and an engine that has lost its state learns it again from the owners. */
import assert from 'node:assert/strict';
import type { LoggedDispatch } from '../../cluster/ports/dispatch-log.ts';
import type { Command } from '../../cluster/ports/command-bus.ts';
import type { EngineConnection } from '../../cluster/ports/engine.ts';
import type { Lease } from '../../cluster/ports/ownership.ts';
import type { EngineCase } from './engine-case.ts';
import { BOUNDS, dispatches, engineCase, rejectsWith, sequencesOf, sessionOf } from './engine-kit.ts';
import type { EngineKit } from './engine-kit.ts';

const COMMAND: Command = { id: 'command', shardId: 0, name: 'send', data: null, from: 'sender', timeoutMs: 60_000 };

const ENTRY: LoggedDispatch = {
  position: '1-1',
  shardId: 0,
  sessionId: 'session-a',
  sequence: 1,
  t: 'MESSAGE_CREATE',
  guildId: null,
  bytes: new Uint8Array(),
  attempt: 1,
  isRedelivered: false,
};

type Call = (connection: EngineConnection, lease: Lease) => Promise<unknown>;

/** Every call of a node that takes a lease, by name. Those of the first table resolve with a `CommitResult`. */
const COMMITS: Readonly<Record<string, Call>> = {
  'journal.open': ({ journal }, lease) => journal.open(lease, sessionOf(0, 9, 'session-b'), dispatches(8, 9), BOUNDS),
  'journal.commit': ({ journal }, lease) =>
    journal.commit(lease, { sessionId: 'session-a', base: 3, sequence: 5, entries: dispatches(4, 5), bounds: BOUNDS }),
};
const NODE_CALLS: Readonly<Record<string, Call>> = {
  'journal.load': ({ journal }, lease) => journal.load(lease),
  'journal.loadUnread': ({ journal }, lease) => journal.loadUnread(lease, 1_000),
  'journal.clear': ({ journal }, lease) => journal.clear(lease),
  'journal.saveSnapshot': ({ journal }, lease) => journal.saveSnapshot(lease, Uint8Array.of(7)),
  'journal.appendSnapshot': ({ journal }, lease) => journal.appendSnapshot(lease, Uint8Array.of(7)),
  'commands.take': ({ commands }, lease) => commands.take(lease, 10, []),
  'commands.done': ({ commands }, lease) =>
    commands.done(lease, COMMAND, { id: 'command', kind: 'done', result: null }),
};
const READER_CALLS: Readonly<Record<string, Call>> = {
  'log.read': ({ log }, lease) => log.read(lease, 10),
  'log.claim': ({ log }, lease) => log.claim(lease),
  'log.ack': ({ log }, lease) => log.ack(lease, ['1-1']),
  'log.retry': ({ log }, lease) => log.retry(lease, '1-1'),
  'log.bury': ({ log }, lease) => log.bury(lease, ENTRY, 'it failed'),
};

/** Leases that are lost, by the way in which they were lost. The shard has another owner since, or none. */
const LOSSES: Readonly<Record<string, (kit: EngineKit) => Promise<{ lease: Lease; connection: EngineConnection }>>> = {
  'was released': async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 3);
    await owner.ownership.release(lease);
    return { lease, connection: owner.connection };
  },
  'was taken over': async (kit) => {
    const [owner, next] = [await kit.member('owner'), await kit.member('next')];
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 3);
    await kit.outliveLeases();
    await next.claim(0);
    return { lease, connection: owner.connection };
  },
  'is an earlier one of the same member': async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 3);
    await owner.ownership.release(lease);
    await owner.claim(0);
    return { lease, connection: owner.connection };
  },
  'has the fence of another owner': async (kit) => {
    const [owner, next] = [await kit.member('owner'), await kit.member('next')];
    const lease = await next.claim(0);
    await kit.publish(next, lease, 3);
    return { lease: { ...lease, instance: owner.instance }, connection: owner.connection };
  },
};

const refused = Object.entries(LOSSES).map(([how, lose]) =>
  engineCase(`refuses every call of a node with a lease that ${how}, and changes nothing`, async (kit) => {
    const { lease, connection } = await lose(kit);
    for (const call of Object.values({ ...COMMITS, ...NODE_CALLS }))
      await rejectsWith('FENCED', call(connection, lease));
    const reader = await kit.reader('logs');
    const { dispatches: stored } = await reader.connection.log.read(await reader.claim(0), 100);
    assert.deepEqual(sequencesOf(stored), [1, 2, 3]);
    assert.equal(await connection.journal.loadSnapshot(0), null);
    const next = await kit.member('after');
    await kit.outliveLeases();
    assert.deepEqual(await next.connection.journal.load(await next.claim(0)), sessionOf(0, 3));
  }),
);

export const FENCE_CASES: readonly EngineCase[] = [
  ...refused,

  engineCase('refuses every call of a reader with a lease that is lost', async (kit) => {
    const [owner, old, next] = [await kit.member('owner'), await kit.reader('logs'), await kit.reader('logs')];
    await kit.publish(owner, await owner.claim(0), 3);
    const lease = await old.claim(0);
    const { dispatches: read } = await old.connection.log.read(lease, 10);
    await old.ownership.release(lease);
    const nextLease = await next.claim(0);
    for (const call of Object.values(READER_CALLS)) await rejectsWith('FENCED', call(old.connection, lease));
    const [first] = read;
    assert.ok(first);
    await rejectsWith('FENCED', old.connection.log.ack(lease, [first.position]));
    const { dispatches: pending } = await next.connection.log.claim(nextLease);
    assert.deepEqual(sequencesOf(pending), [1, 2, 3]);
    assert.equal((await next.connection.log.status('logs')).deadLetters, 0);
  }),

  engineCase('says that it does not know a lease with a higher fence than it has', async (kit) => {
    const [owner, reader] = [await kit.member('owner'), await kit.reader('logs')];
    const held = await owner.claim(0);
    const ahead = { ...held, fence: held.fence + 10 };
    for (const call of Object.values(COMMITS))
      assert.deepEqual(await call(owner.connection, ahead), { kind: 'forgotten' });
    for (const call of Object.values(NODE_CALLS))
      await rejectsWith('ENGINE_UNAVAILABLE', call(owner.connection, ahead));
    const heldStream = await reader.claim(0);
    const aheadStream = { ...heldStream, fence: heldStream.fence + 10 };
    for (const call of Object.values(READER_CALLS))
      await rejectsWith('ENGINE_UNAVAILABLE', call(reader.connection, aheadStream));
    const renewal = await owner.ownership.renew(owner.member, [ahead], { isDraining: false });
    assert.deepEqual(renewal, { fenced: [], forgotten: [0] });
  }),

  engineCase('accepts writes with a lease whose time is over if no other member has claimed the shard', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 3);
    await kit.outliveLeases();
    const commit = { sessionId: 'session-a', base: 3, sequence: 4, entries: dispatches(4, 4), bounds: BOUNDS };
    assert.deepEqual(await owner.connection.journal.commit(lease, commit), { kind: 'stored' });
  }),

  engineCase('lets the highest fence win when leases are restored', async (kit) => {
    const [owner, rival] = [await kit.member('owner'), await kit.member('rival')];
    const current = await owner.claim(0);
    const of = (fence: number): Lease => ({ ...current, instance: rival.instance, fence });
    assert.equal(await rival.ownership.restore(of(current.fence - 1), null), false);
    assert.equal(await rival.ownership.restore(of(current.fence), null), false);
    assert.equal(await owner.ownership.restore(current, null), true);
    assert.equal(await rival.ownership.restore(of(current.fence + 1), null), true);
    await rejectsWith('FENCED', owner.connection.journal.load(current));
    assert.equal((await owner.ownership.view()).shards[0]?.owner, rival.instance);
  }),

  engineCase('does not restore a lease that was released', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await owner.ownership.release(lease);
    assert.equal(await owner.ownership.restore(lease, sessionOf(0, 1)), false);
    assert.equal((await owner.ownership.view()).shards[0]?.owner, null);
  }),

  engineCase('claims with a higher fence than one that was restored', async (kit) => {
    const [owner, next] = [await kit.member('owner'), await kit.member('next')];
    const lease = await owner.claim(0);
    const ahead = { ...lease, fence: lease.fence + 1_000_000 };
    assert.equal(await owner.ownership.restore(ahead, null), true);
    await owner.ownership.release(ahead);
    assert.ok((await next.claim(0)).fence > ahead.fence);
  }),

  engineCase('keeps the sequence that it has when a session is restored', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 5);
    const ahead = { ...lease, fence: lease.fence + 1 };
    assert.equal(await owner.ownership.restore(ahead, { ...sessionOf(0, 9), presence: 'new' }), true);
    assert.deepEqual(await owner.connection.journal.load(ahead), { ...sessionOf(0, 5), presence: 'new' });
    assert.equal(await owner.ownership.restore(ahead, { ...sessionOf(0, 2), presence: 'newer' }), true);
    assert.deepEqual(await owner.connection.journal.load(ahead), { ...sessionOf(0, 5), presence: 'newer' });
  }),

  engineCase('takes another session as it is when it is restored, and keeps its own when none is', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 5);
    const ahead = { ...lease, fence: lease.fence + 1 };
    assert.equal(await owner.ownership.restore(ahead, null), true);
    assert.deepEqual(await owner.connection.journal.load(ahead), sessionOf(0, 5));
    assert.equal(await owner.ownership.restore(ahead, sessionOf(0, 2, 'session-b')), true);
    assert.deepEqual(await owner.connection.journal.load(ahead), sessionOf(0, 2, 'session-b'));
  }),
];
