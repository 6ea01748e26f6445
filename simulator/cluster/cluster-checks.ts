/** What holds for all nodes together, whatever befalls them. */
import { keyOf, shardKeyOf } from '../../src/cluster/memory/memory-data.ts';
import type { ShardKey } from '../../src/cluster/memory/memory-data.ts';
import { leasesKey } from '../../src/cluster/memory/memory-store.ts';
import type { ClusterCheck } from './cluster-check.ts';
import { doublesFrom } from './cluster-disturbances.ts';
import { noComplaints, resumedFromStored } from './cluster-oracle.ts';
import {
  eventsInOrder,
  eventsKept,
  eventsOnce,
  identifyBudget,
  oneGeneration,
  reshardSettles,
} from './cluster-reshard-checks.ts';
import { idsOf, missing, streamComplete, streamOnce, streamOrder } from './cluster-stream-checks.ts';

const SPACING_MS = 5_000;

const allHandled: ClusterCheck = {
  rule: 'Without `publish`, some node delivers each dispatch.',
  watch: (world, complain) => {
    const seen = new Set<string>();
    world.log.on('dispatched', ({ sessionId, index }) => void seen.add(`${sessionId}/${index}`));
    world.log.on('recovered', () => {
      const lost = world.setting.publish ? [] : missing(world, seen);
      if (lost.length > 0) complain(`no node delivered ${lost.length} dispatches, the first is ${lost[0]}`);
    });
  },
};

const handledOnce: ClusterCheck = {
  rule: 'A dispatch is delivered once, unless a node died, froze or was cut off at that time, or the engine failed.',
  watch: (world, complain) => {
    const { clock, log, setting } = world;
    const first = new Map<string, { readonly at: number; readonly isCalm: boolean }>();
    const isExcused = doublesFrom(world);
    log.on('dispatched', ({ proc, sessionId, index }) => {
      if (setting.publish) return;
      const key = `${sessionId}/${index}`;
      const earlier = first.get(key);
      if (earlier === undefined) {
        first.set(key, { at: clock.now(), isCalm: world.isCalm });
        return;
      }
      const { at, isCalm } = earlier;
      if (isCalm && !isExcused.byFault(at))
        complain(`${proc.name} delivers ${key}, which was delivered ${clock.now() - at} ms before`);
    });
  },
};

const oneWriter: ClusterCheck = {
  rule: 'After a write with one lease the engine accepts none with an earlier lease of the shard.',
  watch: ({ log }, complain) => {
    const fences = new Map<ShardKey, number>();
    log.on('forgotten', () => fences.clear());
    log.on('written', ({ lease }) => {
      const { shardId, fence, instance } = lease;
      const key = keyOf(lease);
      const highest = fences.get(key) ?? 0;
      if (fence < highest) complain(`${instance} writes for shard ${shardId} with fence ${fence} after ${highest}`);
      fences.set(key, Math.max(highest, fence));
    });
  },
};

/** How often a check looks for what has ended with its time. News make it look at once. */
const LOOK_MS = 1_000;

const shardsOwned: ClusterCheck = {
  rule: 'A shard without an owner gets one soon, when a node can take it.',
  watch: (world, complain) => {
    const { clock, log, server, setting } = world;
    // A lease of which the engine knows nothing may be claimed after half of its time; members look with each renewal.
    const boundMs = setting.leaseTtlMs + 5_000;
    const unownedSince = new Map<number, number>();
    let quietSince = clock.now();
    log.onAll((name) => {
      if (name === 'happened' || name === 'forgotten') quietSince = clock.now();
    });
    // Each shard had an owner when these came into service.
    log.on('inService', () => unownedSince.clear());
    const look = (): void => {
      const now = clock.now();
      const wellSince = world.nodes.flatMap((node) => node.wellSince ?? []);
      quietSince = Math.max(quietSince, server.isRunning && wellSince.length > 0 ? Math.min(...wellSince) : now);
      const { number, total } = world.generations.current;
      const owners = server.store.data.scopes.get(leasesKey({ kind: 'shards', generation: number }))?.owners;
      for (let shardId = 0; shardId < total; shardId += 1) {
        const row = owners?.get(shardId);
        const isExpired = row !== undefined && row.owner !== null && now >= row.endsAt;
        if (row !== undefined && row.owner !== null && !isExpired) unownedSince.delete(shardId);
        else if (!unownedSince.has(shardId)) unownedSince.set(shardId, isExpired ? row.endsAt : now);
        const sinceMs = now - Math.max(quietSince, unownedSince.get(shardId) ?? now);
        if (sinceMs > boundMs) complain(`shard ${shardId} has had no owner for ${sinceMs} ms`);
      }
    };
    const lookOften = (): void => {
      clock.scheduleInWorld(lookOften, LOOK_MS);
      look();
    };
    lookOften();
    // A shard was released, or claimed.
    server.store.scopeNews.subscribe('shards', look);
  },
};

const shardsKept: ClusterCheck = {
  rule: 'No node takes a shard from one that is well, also after an outage of the engine.',
  watch: (world, complain) => {
    const { clock, log, setting } = world;
    log.on('takenOver', ({ shardId, generation, from, by }) => {
      const owner = world.running.find(({ name }) => name === from);
      // A node does not tell whether it has a shard of those that are to take over.
      if (generation !== world.generations.current.number) return;
      if (owner?.manager.total !== world.generations.current.total) return;
      if (owner === undefined || owner.wellSince === null || !owner.manager.shards.has(shardId)) return;
      const wellMs = clock.now() - owner.wellSince;
      if (wellMs > 2 * setting.leaseTtlMs) complain(`${by} takes shard ${shardId} from ${from}, well for ${wellMs} ms`);
    });
  },
};

const sessionsTaught: ClusterCheck = {
  rule: 'An engine that has forgotten knows each session again before a shard can be claimed, from a node that is well.',
  watch: (world, complain) => {
    const { clock, log, server, setting } = world;
    let disturbances = 0;
    log.onAll((name) => {
      if (name === 'happened' || name === 'forgotten') disturbances += 1;
    });
    log.on('forgotten', () => {
      const before = disturbances;
      if (!world.isCalm) return;
      const { current } = world.generations;
      const held = world.running
        .filter(({ manager }) => manager.total === current.total)
        .flatMap(({ readyShards }) => readyShards);
      clock.scheduleInWorld(() => {
        // What injected the fault is recorded just after it.
        if (disturbances > before + 1) return;
        // Others have come into service, whose sessions were stored when they began to keep events.
        if (world.generations.current.number !== current.number) return;
        const lost = held.filter((shardId) => !server.store.data.sessions.has(shardKeyOf(shardId, current.number)));
        if (lost.length > 0) complain(`the engine does not know the sessions of the shards ${lost.join(' ')} again`);
      }, setting.leaseTtlMs / 2);
    });
  },
};

const identifyNeedless: ClusterCheck = {
  rule: 'No node IDENTIFYs a shard in service whose session the engine has, or any while the engine is away.',
  watch: ({ clock, log, server, setting, generations }, complain) => {
    let stoppedAt: number | null = null;
    server.news.subscribe('running', () => {
      stoppedAt = server.isRunning ? null : (stoppedAt ?? clock.now());
    });
    const underWayMs = 1_000 + setting.latencyMs + 2 * setting.engineLatencyMs;
    log.on('identify', ({ proc, shardId, session }) => {
      const generation = generations.of(session);
      const stored = server.store.data.sessions.get(shardKeyOf(shardId, generation));
      // A shard that is to take over starts anew on its next node: until then it has nothing to lose.
      if (generation === generations.current.number && stored !== undefined)
        complain(`${proc.name} IDENTIFYs shard ${shardId}, which has ${stored.sessionId}`);
      if (stoppedAt !== null && clock.now() - stoppedAt > underWayMs)
        complain(`${proc.name} IDENTIFYs shard ${shardId} without an engine`);
    });
  },
};

const identifySpacing: ClusterCheck = {
  rule: 'Two IDENTIFYs of a key arrive at least 5 s apart, whichever nodes send them.',
  watch: ({ clock, log, setting }, complain) => {
    const lastAt = new Map<number, number>();
    log.on('identify', ({ proc, shardId }) => {
      const key = shardId % setting.maxConcurrency;
      const gapMs = clock.now() - (lastAt.get(key) ?? Number.NEGATIVE_INFINITY);
      if (gapMs < SPACING_MS) complain(`${proc.name} IDENTIFYs shard ${shardId} ${gapMs} ms after the last of its key`);
      lastAt.set(key, clock.now());
    });
  },
};

const sessionsKept: ClusterCheck = {
  rule: 'No node closes a socket with a code that ends its session, unless other shards are in service.',
  watch: ({ log, generations }, complain) => {
    log.on('socket.closing', ({ proc, code, session }) => {
      if (session !== null && (code === 1_000 || code === 1_001) && generations.isInService(session))
        complain(`${proc.name} closes ${session.id} with ${code}`);
    });
  },
};

const wellAgain: ClusterCheck = {
  rule: 'After each storm, and when all faults are over, each shard is ready on one node, and the nodes share them evenly.',
  watch: (world, complain) => {
    const look = (): void => {
      const held = world.running.map(({ readyShards }) => readyShards);
      const all = held.flat().toSorted((a, b) => a - b);
      const expected = idsOf(world);
      const counts = held.map(({ length }) => length);
      const shown = world.running.map(({ name }, index) => `${name}: ${held[index]?.join(' ')}`).join(', ');
      if (all.join() !== expected.join()) complain(`the shards are not each ready on one node: ${shown}`);
      else if (Math.max(...counts) - Math.min(...counts) > 1) complain(`the nodes do not share evenly: ${shown}`);
    };
    world.log.on('rested', look);
    world.log.on('recovered', look);
  },
};

const noErrors: ClusterCheck = {
  rule: 'Nothing is thrown that no one catches, and no node reports a bug of the library.',
  watch: ({ log }, complain) => {
    log.on('uncaught', ({ error }) =>
      complain(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
    log.on('fault', ({ proc, error }) => {
      if (error.code === 'INTERNAL_ERROR') complain(`${proc.name}: ${error.message} ${String(error.cause)}`);
    });
  },
};

export const CLUSTER_CHECKS = {
  'stream-once': streamOnce,
  'stream-order': streamOrder,
  'stream-complete': streamComplete,
  'all-handled': allHandled,
  'handled-once': handledOnce,
  'one-writer': oneWriter,
  'shards-owned': shardsOwned,
  'shards-kept': shardsKept,
  'sessions-taught': sessionsTaught,
  'identify-needless': identifyNeedless,
  'identify-spacing': identifySpacing,
  'sessions-kept': sessionsKept,
  'well-again': wellAgain,
  'no-errors': noErrors,
  'events-kept': eventsKept,
  'events-once': eventsOnce,
  'events-in-order': eventsInOrder,
  'one-generation': oneGeneration,
  'reshard-settles': reshardSettles,
  'identify-budget': identifyBudget,
  oracle: noComplaints,
  'resumed-from-stored': resumedFromStored,
} as const satisfies Record<string, ClusterCheck>;

export type ClusterCheckName = keyof typeof CLUSTER_CHECKS;
