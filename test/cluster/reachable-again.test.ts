/** What nodes do first when they can reach the engine again. On virtual time. */
import { expect, test } from 'vitest';
import { GatewayError } from '../../src/index.ts';
import { LEASE_TTL_MS, virtualCluster } from '../kit/virtual-cluster.ts';

/** Two nodes with a shard each, and what they ask of the engine from then on. */
async function twoNodes() {
  const cluster = virtualCluster({ shards: 2 });
  const { clock, node, runUntil, server } = cluster;
  const nodes = [node('first'), node('second')] as const;
  const connected = Promise.all(nodes.map(({ manager }) => manager.connect()));
  await runUntil(() => nodes.every(({ manager, shards }) => shards.length === 1 && manager.status().ready === 1));
  await connected;
  // Until both have looked and nothing is about to change.
  await clock.advanceAsync(LEASE_TTL_MS);
  const calls: string[] = [];
  const { ownership } = server;
  const renew = ownership.renew.bind(ownership);
  const view = ownership.view.bind(ownership);
  ownership.renew = (scope, member, ...rest) => {
    calls.push(`${member.name} renews`);
    return renew(scope, member, ...rest);
  };
  ownership.view = (scope) => {
    calls.push('a node looks');
    return view(scope);
  };
  return { ...cluster, nodes, calls };
}

/** Each call takes 2 ms, and a renewal is two: the shard count, and the leases. Less than any pause of a node. */
const RENEWED_MS = 4;

test('a node that was cut off for a moment renews at once, before it looks', async () => {
  const { clock, nodes, calls, stop } = await twoNodes();
  nodes[0].line.set({ isCut: true });
  await clock.advanceAsync(1);
  calls.length = 0;
  nodes[0].line.set({ isCut: false });
  await clock.advanceAsync(RENEWED_MS + 2);
  expect(calls.slice(0, 2)).toEqual(['first renews', 'a node looks']);
  await stop(...nodes);
});

test('all nodes renew as soon as the engine is back, before any of them looks', async () => {
  const { clock, server, nodes, calls, stop } = await twoNodes();
  server.stop();
  // Longer than a renewal takes to fail, and in the middle of the pause before the next.
  await clock.advanceAsync(LEASE_TTL_MS / 2 + 10);
  calls.length = 0;
  server.start();
  await clock.advanceAsync(RENEWED_MS + 2);
  expect(calls).toEqual(['first renews', 'second renews', 'a node looks', 'a node looks']);
  await stop(...nodes);
});

test('all nodes renew as soon as the engine has started again with an older state, which has older leases', async () => {
  const { clock, server, nodes, calls, stop } = await twoNodes();
  const older = server.snapshot();
  await clock.advanceAsync(LEASE_TTL_MS / 2);
  calls.length = 0;
  server.restore(older);
  await clock.advanceAsync(RENEWED_MS + 2);
  expect(calls.slice(0, 2)).toEqual(['first renews', 'second renews']);
  await stop(...nodes);
});

function reshardable() {
  const cluster = virtualCluster({ shards: 2 });
  cluster.gateway.allowViolation('heartbeat-pace', 'a hand-over adds heartbeats');
  cluster.gateway.allowViolation('zombie-heartbeat', 'a hand-over adds heartbeats');
  return cluster;
}

test('a node starts a shard that it could claim and not load, also one that is to take over', async () => {
  const { clock, server, node, runUntil, stop } = reshardable();
  const { journal } = server;
  const load = journal.load.bind(journal);
  let failures = 0;
  journal.load = (lease) => {
    if (failures > 0) {
      failures -= 1;
      throw new GatewayError('ENGINE_UNAVAILABLE', 'the engine does not answer');
    }
    return load(lease);
  };
  const only = node('only');
  failures = 1;
  const connected = only.manager.connect();
  await runUntil(() => only.manager.status().ready === 2);
  await connected;

  failures = 1;
  const resharded = only.manager.reshard(3);
  await runUntil(() => only.manager.total === 3);
  await resharded;
  expect(failures).toBe(0);
  await clock.advanceAsync(LEASE_TTL_MS);
  await stop(only);
});

test('a node says again how many shards are ready, if the engine did not hear it the last time', async () => {
  const { gateway, server, node, runUntil, stop } = reshardable();
  const { succession } = server;
  const report = succession.report.bind(succession);
  let failures = 1;
  succession.report = (member, said) => {
    if (failures > 0 && said.ready?.next === 3) {
      failures -= 1;
      throw new GatewayError('ENGINE_UNAVAILABLE', 'the engine does not answer');
    }
    report(member, said);
  };
  const only = node('only');
  const connected = only.manager.connect();
  await runUntil(() => only.manager.status().ready === 2);
  await connected;

  const resharded = only.manager.reshard(3);
  await runUntil(() => only.manager.total === 3);
  await resharded;
  expect(failures).toBe(0);
  expect(gateway.sessions).toBe(5);
  await stop(only);
});
