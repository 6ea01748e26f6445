/** What holds when nobody could call for so long that all leases have ended: their owners may live, and come first. */
import assert from 'node:assert/strict';
import type { EngineCase } from './engine-case.ts';
import { TOTAL, engineCase } from './engine-kit.ts';

export const OUTAGE_CASES: readonly EngineCase[] = [
  engineCase('keeps a shard for its owner for half of leaseTtlMs if nobody could call for so long', async (kit) => {
    const [owner, rival] = [await kit.member('owner'), await kit.member('rival')];
    const lease = await owner.claim(0);
    await kit.outliveOutage();
    const backAt = kit.context.now();
    const early = await rival.ownership.claim(0, rival.member);
    assert.ok(early === null || kit.context.now() - backAt >= kit.leaseTtlMs / 2);
    const renewal = await owner.ownership.renew(owner.member, [lease], { isDraining: false });
    assert.deepEqual(renewal, { fenced: early === null ? [] : [0], forgotten: [] });
    await kit.outliveBirth();
    assert.equal(await rival.ownership.claim(0, rival.member), null);
  }),

  engineCase('frees a shard after an outage if its owner does not come back, half of leaseTtlMs later', async (kit) => {
    const [gone, next] = [await kit.member('gone'), await kit.member('next')];
    const old = await gone.claim(0);
    await kit.outliveOutage();
    const backAt = kit.context.now();
    let lease = await next.ownership.claim(0, next.member);
    while (lease === null) {
      await kit.wait(20);
      lease = await next.ownership.claim(0, next.member);
    }
    assert.ok(lease.fence > old.fence);
    assert.ok(kit.context.now() - backAt >= kit.leaseTtlMs / 2);
  }),

  engineCase('counts an outage from the first member that comes back, in all shards', async (kit) => {
    const [gone, next] = [await kit.member('gone'), await kit.member('next')];
    for (let shardId = 0; shardId < TOTAL; shardId += 1) await gone.claim(shardId);
    await kit.outliveOutage();
    await next.ownership.renew(next.member, [], { isDraining: false });
    const backAt = kit.context.now();
    while (kit.context.now() - backAt <= kit.leaseTtlMs / 2) {
      await kit.wait(20);
      await next.ownership.renew(next.member, [], { isDraining: false });
    }
    for (let shardId = 0; shardId < TOTAL; shardId += 1) await next.claim(shardId);
  }),

  engineCase('gives after an outage what was released, and a member what it had', async (kit) => {
    const [owner, next] = [await kit.member('owner'), await kit.member('next')];
    const [first, second] = [await owner.claim(0), await owner.claim(1)];
    await owner.claim(2);
    await owner.ownership.release(first);
    await owner.ownership.release(second, { to: next.instance });
    await kit.outliveOutage();
    for (const shardId of [0, 1]) await next.claim(shardId);
    await owner.claim(2);
  }),
];
