/** What holds when the engine has forgotten everything, as a server that starts again empty. */
import assert from 'node:assert/strict';
import type { EngineCase } from './engine-case.ts';
import { BOUNDS, TOTAL, dispatches, engineCase, sequencesOf, sessionOf } from './engine-kit.ts';

export const FORGET_CASES: readonly EngineCase[] = [
  engineCase('names the leases that it has forgotten, and takes them back with their session', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 5);
    await kit.context.forget();
    const renewal = await owner.ownership.renew(owner.member, [lease], { isDraining: false });
    assert.deepEqual(renewal, { fenced: [], forgotten: [0] });
    const commit = { sessionId: 'session-a', base: 5, sequence: 6, entries: dispatches(6, 6), bounds: BOUNDS };
    assert.deepEqual(await owner.connection.journal.commit(lease, commit), { kind: 'forgotten' });
    assert.equal(await owner.ownership.restore(lease, sessionOf(0, 5)), true);
    assert.deepEqual(await owner.connection.journal.commit(lease, commit), { kind: 'stored' });
    assert.deepEqual(await owner.connection.journal.load(lease), sessionOf(0, 6));
    assert.deepEqual(await owner.ownership.renew(owner.member, [lease], { isDraining: false }), {
      fenced: [],
      forgotten: [],
    });
  }),

  engineCase('names a lease whose session it has lost, and takes that back with the lease', async (kit) => {
    const owner = await kit.member('owner');
    const [lost, kept] = [await owner.claim(0), await owner.claim(1)];
    assert.deepEqual(await owner.connection.journal.open(kept, sessionOf(1, 7), [], BOUNDS), { kind: 'stored' });
    const renew = (sessionId: string): Promise<unknown> =>
      owner.ownership.renew(
        owner.member,
        [
          { ...lost, sessionId },
          { ...kept, sessionId: 'session-a' },
        ],
        {
          isDraining: false,
        },
      );
    assert.deepEqual(await renew('session-a'), { fenced: [], forgotten: [0] });
    assert.equal(await owner.ownership.restore(lost, sessionOf(0, 5)), true);
    assert.deepEqual(await renew('session-a'), { fenced: [], forgotten: [] });
    assert.deepEqual(await renew('session-b'), { fenced: [], forgotten: [0] });
    assert.equal(await owner.ownership.restore(lost, sessionOf(0, 2, 'session-b')), true);
    assert.deepEqual(await owner.connection.journal.load(lost), sessionOf(0, 2, 'session-b'));
    assert.deepEqual(await owner.connection.journal.load(kept), sessionOf(1, 7));
  }),

  engineCase('says that it has forgotten the lease of a shard that is released, and changes nothing', async (kit) => {
    const [owner, next] = [await kit.member('owner'), await kit.member('next')];
    const lease = await owner.claim(0);
    await kit.publish(owner, lease, 3);
    await kit.context.forget();
    assert.equal(await owner.ownership.release(lease, { to: next.instance }), false);
    assert.equal(await owner.ownership.restore(lease, sessionOf(0, 3)), true);
    assert.equal(await owner.ownership.release(lease, { to: next.instance }), true);
    assert.equal(await owner.ownership.release(lease), true);
    assert.deepEqual(await next.connection.journal.load(await next.claim(0)), sessionOf(0, 3));
  }),

  engineCase('lets the owner of a shard come before those who would claim it', async (kit) => {
    const [owner, rival] = [await kit.member('owner'), await kit.member('rival')];
    const lease = await owner.claim(0);
    await kit.context.forget();
    const emptyAt = kit.context.now();
    const early = await rival.ownership.claim(0, rival.member);
    assert.ok(early === null || kit.context.now() - emptyAt >= kit.leaseTtlMs / 2);
    assert.equal(await owner.ownership.restore(lease, null), early === null);
    await owner.connection.agree({ total: TOTAL });
    await kit.outliveBirth();
    assert.equal(await rival.ownership.claim(0, rival.member), null);
    assert.ok(await rival.claim(1));
  }),

  engineCase('gives out higher fences than before it was empty', async (kit) => {
    const [frozen, next] = [await kit.member('frozen'), await kit.member('next')];
    const lease = await frozen.claim(0);
    await kit.context.forget();
    await next.ownership.join(next.member);
    await kit.outliveBirth();
    assert.ok((await next.claim(0)).fence > lease.fence);
    assert.deepEqual(await frozen.ownership.renew(frozen.member, [lease], { isDraining: false }), {
      fenced: [0],
      forgotten: [],
    });
    assert.equal(await frozen.ownership.restore(lease, sessionOf(0, 1)), false);
  }),

  engineCase('learns its members again from their renewals', async (kit) => {
    const node = await kit.member('node');
    await kit.context.forget();
    await node.ownership.renew(node.member, [], { isDraining: false });
    assert.deepEqual(
      (await node.ownership.view()).members.map(({ instance }) => instance),
      [node.instance],
    );
  }),

  engineCase('creates a group that it has lost from the start of the stream', async (kit) => {
    const [owner, reader] = [await kit.member('owner'), await kit.reader('logs')];
    const [lease, stream] = [await owner.claim(0), await reader.claim(0)];
    await kit.publish(owner, lease, 3);
    await reader.connection.log.createGroup('logs', 'end');
    await kit.context.forget();
    assert.equal(await owner.ownership.restore(lease, sessionOf(0, 3)), true);
    assert.equal(await reader.ownership.restore(stream, null), true);
    const commit = { sessionId: 'session-a', base: 3, sequence: 5, entries: dispatches(4, 5), bounds: BOUNDS };
    assert.deepEqual(await owner.connection.journal.commit(lease, commit), { kind: 'stored' });
    assert.deepEqual(sequencesOf((await reader.connection.log.read(stream, 10)).dispatches), [4, 5]);
  }),

  engineCase('reads a group that is created just after it was empty from the start', async (kit) => {
    const [owner, reader] = [await kit.member('owner'), await kit.reader('logs')];
    const [lease, stream] = [await owner.claim(0), await reader.claim(0)];
    await reader.connection.log.createGroup('logs', 'end');
    await kit.context.forget();
    await owner.connection.agree({ total: TOTAL });
    await owner.ownership.restore(lease, null);
    await kit.publish(owner, lease, 3);
    const next = await kit.reader('logs', 'next');
    await next.connection.log.createGroup('logs', 'end');
    await reader.ownership.restore(stream, null);
    assert.deepEqual(sequencesOf((await reader.connection.log.read(stream, 10)).dispatches), [1, 2, 3]);
  }),

  engineCase('creates a group again with the lease of a stream', async (kit) => {
    const [owner, reader] = [await kit.member('owner'), await kit.reader('logs')];
    const [lease, stream] = [await owner.claim(0), await reader.claim(0)];
    await reader.connection.log.createGroup('logs', 'end');
    await kit.context.forget();
    await owner.connection.agree({ total: TOTAL });
    await owner.ownership.restore(lease, null);
    await reader.ownership.restore(stream, null);
    await kit.publish(owner, lease, 3);
    await kit.outliveBirth();
    await reader.connection.log.createGroup('logs', 'end');
    assert.deepEqual(sequencesOf((await reader.connection.log.read(stream, 10)).dispatches), [1, 2, 3]);
  }),

  engineCase('gives an entry that is appended again another position', async (kit) => {
    const [owner, reader] = [await kit.member('owner'), await kit.reader('logs')];
    const [lease, stream] = [await owner.claim(0), await reader.claim(0)];
    await kit.publish(owner, lease, 1);
    const before = await reader.connection.log.read(stream, 10);
    await kit.context.forget();
    await kit.wait(5);
    await owner.ownership.restore(lease, null);
    await reader.ownership.restore(stream, null);
    await kit.publish(owner, lease, 1);
    const after = await reader.connection.log.read(stream, 10);
    assert.deepEqual(sequencesOf(after.dispatches), [1]);
    assert.notEqual(after.dispatches[0]?.position, before.dispatches[0]?.position);
    await reader.connection.log.ack(stream, [before.dispatches[0]?.position ?? '']);
    assert.equal((await reader.connection.log.claim(stream)).dispatches.length, 1);
  }),
];
