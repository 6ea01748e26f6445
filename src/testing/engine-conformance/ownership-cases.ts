/** Members, leases, fences and reservations. */
import assert from 'node:assert/strict';
import type { EngineCase } from './engine-case.ts';
import { SHARDS, TOTAL, engineCase, newbornCase } from './engine-kit.ts';

export const OWNERSHIP_CASES: readonly EngineCase[] = [
  engineCase('lists the members, the oldest first, those of one age by instance', async (kit) => {
    const members = [await kit.member('c'), await kit.member('b'), await kit.member('a'), await kit.member('a')];
    const [first] = members;
    assert.ok(first);
    const view = await first.ownership.view();
    const expected = view.members.toSorted((a, b) => a.joinedAt - b.joinedAt || (a.instance < b.instance ? -1 : 1));
    assert.deepEqual(view.members, expected);
    assert.deepEqual(
      new Set(view.members.map(({ name, instance }) => `${name} ${instance}`)),
      new Set(members.map(({ member }) => `${member.name} ${member.instance}`)),
    );
    assert.ok(view.members.every(({ joinedAt, lastSeenAt, isDraining }) => lastSeenAt >= joinedAt && !isDraining));
  }),

  engineCase('lists every shard of the plan', async (kit) => {
    const node = await kit.member('node');
    await node.claim(2);
    const { shards } = await node.ownership.view();
    assert.deepEqual(
      shards,
      Array.from({ length: TOTAL }, (_, shardId) => ({
        shardId,
        owner: shardId === 2 ? node.instance : null,
        reservedFor: null,
      })),
    );
  }),

  newbornCase('lists no shards without a plan', async (kit) => {
    const node = await kit.member('node');
    assert.deepEqual((await node.ownership.view()).shards, []);
  }),

  engineCase('forgets a member that is not renewed for leaseTtlMs', async (kit) => {
    const [gone, other] = [await kit.member('gone'), await kit.member('other')];
    await kit.outliveLeases();
    await other.ownership.join(other.member);
    const names = (await gone.ownership.view()).members.map(({ name }) => name);
    assert.deepEqual(names, ['other']);
  }),

  engineCase('keeps a member that is renewed, with the time at which it joined', async (kit) => {
    const node = await kit.member('node');
    const before = (await node.ownership.view()).members[0];
    for (let round = 0; round < 4; round += 1) {
      await kit.wait(kit.leaseTtlMs / 3);
      await node.ownership.renew(node.member, [], { isDraining: false });
    }
    const after = (await node.ownership.view()).members[0];
    assert.equal(after?.joinedAt, before?.joinedAt);
    assert.ok(after !== undefined && before !== undefined && after.lastSeenAt > before.lastSeenAt);
  }),

  engineCase('shows that a member drains', async (kit) => {
    const node = await kit.member('node');
    await node.ownership.renew(node.member, [], { isDraining: true });
    assert.deepEqual(
      (await node.ownership.view()).members.map(({ isDraining }) => isDraining),
      [true],
    );
  }),

  engineCase('shows that a member is stalled, until it says otherwise', async (kit) => {
    const [node, other] = [await kit.member('node'), await kit.member('other')];
    const stalled = async (): Promise<boolean[]> => {
      const { members } = await other.ownership.view();
      return [node, other].flatMap(({ instance }) =>
        members.filter((each) => each.instance === instance).map(({ isStalled }) => isStalled),
      );
    };
    assert.deepEqual(await stalled(), [false, false]);
    await node.ownership.renew(node.member, [], { isDraining: false, isStalled: true });
    assert.deepEqual(await stalled(), [true, false]);
    await node.ownership.renew(node.member, [], { isDraining: false });
    assert.deepEqual(await stalled(), [false, false]);
    await node.ownership.join(node.member, { isStalled: true });
    assert.deepEqual(await stalled(), [true, false]);
    await node.ownership.join(node.member);
    assert.deepEqual(await stalled(), [false, false]);
  }),

  engineCase('shows that a member drains, and not that it is stalled as well', async (kit) => {
    const [node, other] = [await kit.member('node'), await kit.member('other')];
    const state = { isDraining: false, isStalled: true };
    await node.ownership.renew(node.member, [], state);
    assert.equal(await other.ownership.drain(node.instance), true);
    const shown = async (): Promise<unknown> => {
      const member = (await other.ownership.view()).members.find(({ instance }) => instance === node.instance);
      return [member?.isDraining, member?.isStalled];
    };
    assert.deepEqual(await shown(), [true, false]);
    await node.ownership.renew(node.member, [], state);
    assert.deepEqual(await shown(), [true, false]);
  }),

  engineCase('lets anybody ask a member to drain, until it leaves', async (kit) => {
    const [node, other] = [await kit.member('node'), await kit.member('other')];
    assert.equal(await other.ownership.drain(node.instance), true);
    await node.ownership.renew(node.member, [], { isDraining: false });
    assert.equal(await other.ownership.drain(node.instance), true);
    const draining = (await other.ownership.view()).members.map(({ name, isDraining }) => [name, isDraining]);
    assert.deepEqual(Object.fromEntries(draining), { node: true, other: false });
    await node.ownership.leave(node.member);
    assert.equal(await other.ownership.drain(node.instance), false);
  }),

  engineCase('asks no member to drain whose time has ended', async (kit) => {
    const [gone, other] = [await kit.member('gone'), await kit.member('other')];
    await kit.outliveLeases();
    assert.equal(await other.ownership.drain(gone.instance), false);
    await gone.ownership.renew(gone.member, [], { isDraining: false });
    assert.deepEqual(
      (await gone.ownership.view()).members.map(({ isDraining }) => isDraining),
      [false],
    );
  }),

  engineCase('tells two members of the same name apart by their instance', async (kit) => {
    const [old, next] = [await kit.member('node'), await kit.member('node')];
    await old.claim(0);
    assert.equal(await next.ownership.claim(0, next.member), null);
    await old.ownership.leave(old.member);
    assert.equal((await next.claim(0)).instance, next.instance);
  }),

  engineCase('gives a shard to one of those who claim it at the same time', async (kit) => {
    const nodes = await Promise.all(['a', 'b', 'c', 'd'].map((name) => kit.member(name)));
    const leases = await Promise.all(nodes.map(({ ownership, member }) => ownership.claim(1, member)));
    const given = leases.filter((lease) => lease !== null);
    assert.equal(given.length, 1);
    assert.equal((await nodes[0]?.ownership.view())?.shards[1]?.owner, given[0]?.instance);
  }),

  engineCase('gives a member the lease that it has already', async (kit) => {
    const node = await kit.member('node');
    const lease = await node.claim(0);
    assert.deepEqual(lease, { scope: SHARDS, shardId: 0, instance: node.instance, fence: lease.fence });
    assert.deepEqual(await node.claim(0), lease);
  }),

  engineCase('gives each lease of a shard a higher fence', async (kit) => {
    const nodes = [await kit.member('a'), await kit.member('b')];
    const fences: number[] = [];
    for (const node of [...nodes, ...nodes]) {
      const lease = await node.claim(0);
      fences.push(lease.fence);
      await node.ownership.release(lease);
    }
    assert.ok(
      fences.every((fence, index) => index === 0 || fence > (fences[index - 1] ?? 0)),
      String(fences),
    );
  }),

  engineCase('frees a shard whose lease is not renewed', async (kit) => {
    const [gone, next] = [await kit.member('gone'), await kit.member('next')];
    const old = await gone.claim(0);
    await kit.outliveLeases();
    assert.equal((await next.ownership.view()).shards[0]?.owner, null);
    assert.ok((await next.claim(0)).fence > old.fence);
  }),

  engineCase('keeps a lease that is renewed', async (kit) => {
    const [owner, other] = [await kit.member('owner'), await kit.member('other')];
    const lease = await owner.claim(0);
    for (let round = 0; round < 4; round += 1) {
      await kit.wait(kit.leaseTtlMs / 3);
      const renewal = await owner.ownership.renew(owner.member, [lease], { isDraining: false });
      assert.deepEqual(renewal, { fenced: [], forgotten: [] });
      assert.equal(await other.ownership.claim(0, other.member), null);
    }
  }),

  engineCase('renews a lease whose time is over if no other member has claimed the shard', async (kit) => {
    const [owner, other] = [await kit.member('owner'), await kit.member('other')];
    const lease = await owner.claim(0);
    await kit.outliveLeases();
    const renewal = await owner.ownership.renew(owner.member, [lease], { isDraining: false });
    assert.deepEqual(renewal, { fenced: [], forgotten: [] });
    assert.equal(await other.ownership.claim(0, other.member), null);
  }),

  engineCase('names the leases that are lost when a member renews them', async (kit) => {
    const [frozen, next] = [await kit.member('frozen'), await kit.member('next')];
    const leases = [await frozen.claim(0), await frozen.claim(1), await frozen.claim(2)];
    await kit.outliveLeases();
    await next.claim(0);
    const [, , third] = leases;
    assert.ok(third);
    await frozen.ownership.release(third);
    const renewal = await frozen.ownership.renew(frozen.member, leases, { isDraining: false });
    assert.deepEqual(renewal, { fenced: [0, 2], forgotten: [] });
    assert.equal((await next.ownership.view()).shards[0]?.owner, next.instance);
  }),

  engineCase('reserves a shard for the member for which it was released', async (kit) => {
    const nodes = [await kit.member('from'), await kit.member('to'), await kit.member('other')] as const;
    const [from, to, other] = nodes;
    await from.ownership.release(await from.claim(0), { to: to.instance });
    assert.deepEqual((await other.ownership.view()).shards[0], { shardId: 0, owner: null, reservedFor: to.instance });
    assert.equal(await other.ownership.claim(0, other.member), null);
    assert.equal((await to.claim(0)).instance, to.instance);
    assert.equal((await other.ownership.view()).shards[0]?.reservedFor, null);
  }),

  engineCase('ends a reservation after two seconds', async (kit) => {
    const [from, other] = [await kit.member('from'), await kit.member('other')];
    await from.ownership.release(await from.claim(0), { to: 'a member that does not come' });
    await kit.wait(2_000);
    await kit.wait(20);
    assert.equal((await other.ownership.view()).shards[0]?.reservedFor, null);
    assert.ok(await other.claim(0));
  }),

  engineCase('does not let an old lease release a shard', async (kit) => {
    const [old, next] = [await kit.member('old'), await kit.member('next')];
    const lease = await old.claim(0);
    await old.ownership.release(lease);
    await next.claim(0);
    await old.ownership.release(lease, { to: old.instance });
    assert.equal((await next.ownership.view()).shards[0]?.owner, next.instance);
  }),

  engineCase('ends the leases of a member that leaves, and reservations for it', async (kit) => {
    const [leaving, other] = [await kit.member('leaving'), await kit.member('other')];
    await leaving.claim(0);
    await other.ownership.release(await other.claim(1), { to: leaving.instance });
    await leaving.ownership.leave(leaving.member);
    assert.ok(await other.claim(0));
    assert.ok(await other.claim(1));
    assert.deepEqual(
      (await other.ownership.view()).members.map(({ name }) => name),
      ['other'],
    );
  }),

  engineCase('keeps the leases of shards and of each group apart', async (kit) => {
    const members = [await kit.member('node'), await kit.reader('logs'), await kit.reader('music')];
    for (const member of members) await member.claim(0);
    for (const { ownership, instance } of members) {
      const view = await ownership.view();
      assert.equal(view.shards[0]?.owner, instance);
      assert.deepEqual(
        view.members.map((member) => member.instance),
        [instance],
      );
    }
  }),

  newbornCase('gives no shard for half of leaseTtlMs when it is new', async (kit) => {
    const bornAt = kit.context.now();
    const node = await kit.member('node');
    let lease = await node.ownership.claim(0, node.member);
    while (lease === null) {
      await kit.wait(20);
      lease = await node.ownership.claim(0, node.member);
    }
    assert.ok(kit.context.now() - bornAt >= kit.leaseTtlMs / 2);
  }),

  engineCase('calls those who wait for changes, and not those who no longer do', async (kit) => {
    const [watcher, node] = [await kit.member('watcher'), await kit.member('node')];
    await kit.wait(50);
    let [calls, callsAfterEnd] = [0, 0];
    const end = watcher.ownership.changes(() => (calls += 1));
    watcher.ownership.changes(() => (callsAfterEnd += 1))();
    await kit.wait(50);
    const changed = async (what: string, change: () => Promise<unknown>): Promise<void> => {
      const before = calls;
      await change();
      await kit.eventually(`a change is announced: ${what}`, () => calls > before);
    };
    await changed('join', () => kit.member('new'));
    await changed('claim', () => node.claim(0));
    await changed('release', async () => node.ownership.release(await node.claim(0)));
    await changed('stall', () => node.ownership.renew(node.member, [], { isDraining: false, isStalled: true }));
    await changed('go on', () => node.ownership.renew(node.member, [], { isDraining: false }));
    await changed('ask to drain', () => watcher.ownership.drain(watcher.instance));
    await changed('drain', () => node.ownership.renew(node.member, [], { isDraining: true }));
    await changed('leave', () => node.ownership.leave(node.member));
    end();
    assert.equal(callsAfterEnd, 0);
  }),

  engineCase('calls every member that has to act on a change as one that is concerned', async (kit) => {
    const [watcher, node] = [await kit.member('watcher'), await kit.member('node')];
    const lease = await node.claim(0);
    const heard: unknown[] = [];
    watcher.ownership.changes((onlyFor) => heard.push(onlyFor));
    await kit.wait(50);
    const calls = async (what: string, change: () => Promise<unknown>, needed?: string): Promise<void> => {
      heard.length = 0;
      await change();
      await kit.eventually(`it is called: ${what}`, () => heard.some((each) => each === undefined || each === needed));
    };
    await calls('release for one', () => node.ownership.release(lease, { to: watcher.instance }), watcher.instance);
    const next = await watcher.claim(0);
    await calls('claim', () => watcher.claim(1), watcher.instance);
    await calls('release for all', () => watcher.ownership.release(next));
    await calls('join', () => kit.member('new'));
    await calls('ask to drain', () => watcher.ownership.drain(node.instance));
    await calls('leave', () => node.ownership.leave(node.member));
  }),
];
