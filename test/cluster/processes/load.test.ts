/** The large proof, played small: `npm run cluster:proof` plays it with 32 shards and 2,000 messages a second. */
import { describe, expect, test } from 'vitest';
import { clusterProof } from '../../kit/cluster-proof.ts';
import { LEASE_TTL_MS } from '../../kit/process-cluster.ts';
import { redisServerPath } from '../../kit/redis-server.ts';
import { PATIENCE_MS } from '../../kit/until.ts';

describe.skipIf(redisServerPath() === null)('a bot of four nodes under load', { timeout: PATIENCE_MS }, () => {
  test('6, 9: nodes are replaced, one is killed, one frozen, Redis emptied: each dispatch is there once, without an IDENTIFY', async () => {
    const { balance, evenBalance, identifies } = await clusterProof({
      shards: 8,
      perSecond: 200,
      leaseTtlMs: LEASE_TTL_MS,
      freezeMs: 2 * LEASE_TTL_MS,
      consumersPerGroup: 1,
      log: () => undefined,
    });
    expect(balance).toEqual(evenBalance);
    expect(identifies).toBe(0);
  });
});
