/** The shard count that all nodes agree on, and the connection itself. */
import assert from 'node:assert/strict';
import type { EngineCase } from './engine-case.ts';
import { newbornCase, rejectsWith } from './engine-kit.ts';

export const PLAN_CASES: readonly EngineCase[] = [
  newbornCase('has no plan before the first node', async (kit) => {
    const connection = await kit.connect();
    assert.equal(await connection.plan(), null);
  }),

  newbornCase('keeps the plan that was agreed first, for all connections', async (kit) => {
    const [first, second] = [await kit.connect(), await kit.connect()];
    const agreed = await Promise.all([first.agree({ total: 16 }), second.agree({ total: 32 })]);
    assert.deepEqual(agreed[0], agreed[1]);
    assert.deepEqual(await second.agree({ total: 64 }), agreed[0]);
    assert.deepEqual(await first.plan(), agreed[0]);
  }),

  newbornCase('learns the plan again after it was empty', async (kit) => {
    const connection = await kit.connect();
    await connection.agree({ total: 16 });
    await kit.context.forget();
    assert.equal(await connection.plan(), null);
    assert.deepEqual(await connection.agree({ total: 16 }), { total: 16 });
  }),

  newbornCase('is reachable while open, and rejects calls after close()', async (kit) => {
    const connection = await kit.connect();
    await connection.plan();
    assert.equal(connection.isReachable, true);
    await connection.close();
    await rejectsWith('ENGINE_UNAVAILABLE', connection.plan());
  }),

  newbornCase('rejects open() with ABORTED if the signal is aborted', async (kit) => {
    const opening = kit.context.engine.open({ signal: AbortSignal.abort(), report: () => undefined });
    await rejectsWith('ABORTED', opening);
  }),
];
