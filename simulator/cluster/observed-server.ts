/**
 * Records what the engine accepts: each write of a session with its lease, each dispatch in a stream, and each shard that
 * it takes from an owner.
 */
import type { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
import type { StreamEntry } from '../../src/cluster/memory/memory-data.ts';
import { leasesKey } from '../../src/cluster/memory/memory-store.ts';
import type { PublishedDispatch } from '../../src/cluster/ports/session-journal.ts';
import { eventOf } from '../manager/guilds.ts';
import { MAX_SHARDS } from './cluster-faults.ts';
import { taggedIn } from './cluster-gateway.ts';
import type { ClusterGateway } from './cluster-gateway.ts';
import type { ClusterLog } from './cluster-log.ts';
import type { ClusterWorld } from './cluster-world.ts';

export function observeServer({ server, gateway, setting, log }: ClusterWorld): void {
  observeWrites(server, log);
  observeClaims(server, log);
  const shards = setting.reshards ? Math.max(setting.shards, MAX_SHARDS) : setting.shards;
  const seen = new Map<number, number>();
  const nextNumber = (shardId: number): number => server.store.data.streams.get(shardId)?.nextNumber ?? 1;
  server.news.subscribe('forgotten', () => {
    for (let shardId = 0; shardId < shards; shardId += 1) seen.set(shardId, nextNumber(shardId));
    log.record('forgotten', {});
  });
  for (let shardId = 0; shardId < shards; shardId += 1) {
    server.store.streamNews.subscribe(shardId, () => {
      const from = seen.get(shardId) ?? 1;
      seen.set(shardId, nextNumber(shardId));
      const entries = server.store.data.streams.get(shardId)?.entries ?? [];
      for (const { dispatch } of entries.slice(Math.max(0, from - (entries[0]?.number ?? 0)))) {
        const found = gateway.guilds === null ? taggedIn(dataOf(dispatch)) : guildEventIn(gateway, dispatch);
        if (found !== null) log.record('appended', { shardId, ...found });
      }
    });
  }
}

const dataOf = ({ bytes }: Pick<PublishedDispatch, 'bytes'>): unknown =>
  (JSON.parse(new TextDecoder().decode(bytes)) as { d?: unknown }).d;

function guildEventIn(
  { guilds, sessions }: ClusterGateway,
  dispatch: Pick<StreamEntry['dispatch'], 'sessionId' | 'sequence' | 'bytes'>,
) {
  const { sessionId, sequence } = dispatch;
  // A RESUMED has the sequence of the last dispatch.
  if (eventOf(dataOf(dispatch)) === null) return null;
  const session = sessions.get(sessionId);
  const index = (session?.indexAfter(sequence) ?? 0) - 1;
  const event = session === undefined ? null : (guilds?.at(session, index) ?? null);
  return event === null ? null : { sessionId, index, event };
}

function observeClaims({ ownership, store }: MemoryServer, log: ClusterLog): void {
  const names = new Map<string, string>();
  const claim = ownership.claim.bind(ownership);
  ownership.claim = (scope, shardId, member) => {
    names.set(member.instance, member.name);
    const from = store.data.scopes.get(leasesKey(scope))?.owners.get(shardId)?.owner ?? null;
    const lease = claim(scope, shardId, member);
    if (scope.kind === 'shards' && lease !== null && from !== null && from !== member.instance)
      log.record('takenOver', {
        shardId,
        generation: scope.generation ?? 0,
        from: names.get(from) ?? from,
        by: member.name,
      });
    return lease;
  };
}

function observeWrites({ journal }: MemoryServer, log: ClusterLog): void {
  const open = journal.open.bind(journal);
  const commit = journal.commit.bind(journal);
  journal.open = (lease, ...rest) => {
    const result = open(lease, ...rest);
    if (result.kind === 'stored') log.record('written', { lease });
    return result;
  };
  journal.commit = (lease, step) => {
    const result = commit(lease, step);
    if (result.kind === 'stored') log.record('written', { lease });
    return result;
  };
}
