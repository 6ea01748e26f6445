/** Another shard count while all nodes run: how an engine leads the nodes from one generation of shards to the next. */
import assert from 'node:assert/strict';
import type { EngineConnection } from '../../cluster/ports/engine.ts';
import type { NextGeneration, Succession, SuccessionPhase } from '../../cluster/ports/succession.ts';
import type { EngineCase } from './engine-case.ts';
import { BOUNDS, TOTAL, TestMember, dispatches, engineCase, sessionOf } from './engine-kit.ts';
import type { EngineKit } from './engine-kit.ts';

const PHASES: readonly SuccessionPhase[] = ['preparing', 'recording', 'buffering', 'freezing', 'catchingUp'];
const NEXT_TOTAL = 6;
const FAILURE = { code: 'INVALID_SHARD', message: 'Discord does not accept 6 shards' };

interface Scene {
  readonly kit: EngineKit;
  readonly leader: TestMember;
  readonly other: TestMember;
  readonly port: Succession;
  readonly generation: number;
}

const nextOf = async ({ leader: { connection } }: Scene): Promise<NextGeneration | null> =>
  (await connection.plan())?.next ?? null;

/** Makes a case of two members, of which one has begun a generation. It has nothing to check in an engine that can't. */
const successionCase = (title: string, body: (scene: Scene) => Promise<void>): EngineCase =>
  engineCase(title, async (kit) => {
    const [leader, other] = [await kit.member('leader'), await kit.member('other')];
    const port = leader.connection.succession;
    if (port === undefined) return;
    const generation = await port.begin(leader.member, NEXT_TOTAL);
    assert.ok(generation !== null && generation > 0);
    await body({ kit, leader, other, port, generation });
  });

/** Both members report a phase, one after the other. */
async function report(scene: Scene, phase: SuccessionPhase, attempt = 1): Promise<void> {
  const { port, leader, other, generation } = scene;
  const ready = phase === 'preparing' ? { ready: { current: TOTAL / 2, next: NEXT_TOTAL / 2 } } : {};
  // On a busy machine a case takes longer than a lease.
  for (const { ownership, member } of [leader, other]) await ownership.renew(member, [], { isDraining: false });
  for (const { member, instance } of [leader, other]) {
    assert.equal((await nextOf(scene))?.phase, phase);
    const record = phase === 'freezing' ? { record: ['both', instance] } : {};
    await port.report(member, { generation, attempt, phase, ...ready, ...record });
  }
}

/** Goes on until a phase has begun. */
async function reach(scene: Scene, phase: SuccessionPhase | 'inService', attempt = 1): Promise<void> {
  for (const each of PHASES) {
    if (each === phase) return;
    await report(scene, each, attempt);
  }
}

const inService = async (connection: EngineConnection): Promise<unknown> => {
  const { total, generation } = (await connection.plan()) ?? {};
  return { total, generation };
};

export const SUCCESSION_CASES: readonly EngineCase[] = [
  successionCase('begins one generation at a time, and tells all members', async (scene) => {
    const { other, leader, port, generation, kit } = scene;
    assert.deepEqual(await nextOf(scene), {
      generation,
      total: NEXT_TOTAL,
      attempt: 1,
      phase: 'preparing',
      leader: leader.instance,
    });
    assert.equal(await port.begin(other.member, 8), null);
    let calls = 0;
    other.ownership.changes(() => (calls += 1));
    await kit.wait(0);
    await reach(scene, 'recording');
    await kit.eventually('a phase is news', () => calls > 0);
  }),

  successionCase('puts the next generation in service when all have reported the last phase', async (scene) => {
    const { leader, port, generation } = scene;
    await reach(scene, 'catchingUp');
    assert.equal((await leader.connection.plan())?.total, TOTAL);
    await report(scene, 'catchingUp');
    assert.deepEqual(await leader.connection.plan(), { total: NEXT_TOTAL, generation });
    const record = (await port.record(generation)).toSorted();
    assert.deepEqual(record, ['both', 'both', leader.instance, scene.other.instance].toSorted());
    await port.abandon(generation, FAILURE);
    assert.deepEqual(await inService(leader.connection), { total: NEXT_TOTAL, generation });
  }),

  successionCase('forgets a record some time after its generation is in service', async (scene) => {
    const { port, generation, kit } = scene;
    await reach(scene, 'inService');
    assert.notDeepEqual(await port.record(generation), []);
    await kit.wait(3.5 * kit.leaseTtlMs);
    assert.deepEqual(await port.record(generation), []);
  }),

  successionCase('waits until the ready shards of all members add up to both counts', async (scene) => {
    const { port, leader, other, generation } = scene;
    const say = (who: TestMember, current: number, next: number): Promise<void> =>
      port.report(who.member, { generation, attempt: 1, phase: 'preparing', ready: { current, next } });
    await say(leader, 2, 3);
    await say(other, 1, 3);
    await say(other, 2, 2);
    assert.equal((await nextOf(scene))?.phase, 'preparing');
    await say(other, 2, 3);
    assert.equal((await nextOf(scene))?.phase, 'recording');
  }),

  successionCase('takes no report of another phase, attempt or generation, and counts one only once', async (scene) => {
    const { port, leader, generation } = scene;
    await reach(scene, 'buffering');
    const good = { generation, attempt: 1, phase: 'buffering' } as const;
    const { member } = scene.other;
    await port.report(member, { ...good, phase: 'recording' });
    await port.report(member, { ...good, attempt: 2 });
    await port.report(member, { ...good, generation: generation + 1 });
    await port.report(leader.member, good);
    await port.report(leader.member, good);
    assert.equal((await nextOf(scene))?.phase, 'buffering');
    await port.report(member, good);
    assert.equal((await nextOf(scene))?.phase, 'freezing');
  }),

  successionCase('begins again when a node asks for it, and forgets what was reported', async (scene) => {
    const { port, generation, leader } = scene;
    await reach(scene, 'catchingUp');
    await port.restart(generation, 2);
    assert.equal((await nextOf(scene))?.phase, 'catchingUp');
    await port.restart(generation, 1);
    const next = await nextOf(scene);
    assert.deepEqual([next?.attempt, next?.phase], [2, 'preparing']);
    assert.deepEqual(await port.record(generation), []);
    await reach(scene, 'inService', 2);
    assert.deepEqual(await inService(leader.connection), { total: NEXT_TOTAL, generation });
  }),

  successionCase('begins again when a member that takes part is gone', async (scene) => {
    await reach(scene, 'freezing');
    await scene.other.ownership.leave(scene.other.member);
    const next = await nextOf(scene);
    assert.deepEqual([next?.attempt, next?.phase], [2, 'preparing']);
  }),

  successionCase('gives a generation up, and says why; the next one has a higher number', async (scene) => {
    const { port, generation, leader } = scene;
    await reach(scene, 'catchingUp');
    await port.abandon(generation, FAILURE);
    assert.deepEqual(await leader.connection.plan(), { total: TOTAL });
    assert.deepEqual(await port.failure(generation), FAILURE);
    assert.equal(await port.failure(generation + 1), null);
    const another = await port.begin(leader.member, 8);
    assert.ok(another !== null && another > generation);
  }),

  successionCase('gives a generation up when the member that has begun it is gone', async (scene) => {
    const { other, leader, generation } = scene;
    await leader.ownership.leave(leader.member);
    assert.deepEqual(await other.connection.plan(), { total: TOTAL });
    assert.equal((await other.connection.succession?.failure(generation))?.code, 'RESHARD_REFUSED');
  }),

  successionCase(
    'keeps leases and sessions of each generation apart, but the stream of a shard is one',
    async (scene) => {
      const { kit, leader, other, generation } = scene;
      const next = new TestMember(kit, other.connection, { kind: 'shards', generation }, other.member);
      const [old, young] = [await leader.claim(0), await next.claim(0)];
      await kit.publish(leader, old, 3);
      assert.equal(await other.connection.journal.load(young), null);
      await other.connection.journal.open(young, sessionOf(0, 2, 'session-b'), dispatches(1, 2), BOUNDS);
      assert.deepEqual(await leader.connection.journal.load(old), sessionOf(0, 3));
      assert.deepEqual(await other.connection.journal.load(young), sessionOf(0, 2, 'session-b'));

      const [now, then] = [await leader.ownership.view(), await next.ownership.view()];
      assert.deepEqual([now.shards.length, then.shards.length], [TOTAL, NEXT_TOTAL]);
      assert.deepEqual([now.shards[0]?.owner, then.shards[0]?.owner], [leader.instance, other.instance]);
      assert.deepEqual(then.members, now.members);
      const reader = await kit.reader('all');
      const { dispatches: read } = await reader.connection.log.read(await reader.claim(0), 10);
      assert.deepEqual(
        read.map(({ sessionId }) => sessionId),
        ['session-a', 'session-a', 'session-a', 'session-b', 'session-b'],
      );
    },
  ),

  successionCase('keeps the streams of shards that are no more', async (scene) => {
    const { kit, port, leader } = scene;
    await reach(scene, 'inService');
    const generation = await port.begin(leader.member, 1);
    assert.ok(generation !== null);
    const ready = { current: NEXT_TOTAL, next: 1 };
    for (const phase of PHASES) await port.report(leader.member, { generation, attempt: 1, phase, ready });
    assert.deepEqual(await leader.connection.plan(), { total: 1, generation });
    const reader = await kit.reader('all');
    assert.equal((await reader.ownership.view()).shards.length, NEXT_TOTAL);
    assert.equal((await leader.ownership.view()).shards.length, 0);
  }),

  successionCase('takes the plan of a later generation from a node, and none of an earlier one', async (scene) => {
    const { leader, generation } = scene;
    const later = { total: 3, generation: generation + 1 };
    assert.deepEqual(await leader.connection.agree(later), later);
    assert.deepEqual(await leader.connection.agree({ total: 9 }), later);
    assert.deepEqual(await leader.connection.plan(), later);
  }),
];
