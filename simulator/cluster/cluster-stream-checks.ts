/** What holds for the streams of a cluster, and for all dispatches that it receives. */
import type { ClusterCheck } from './cluster-check.ts';
import type { ClusterWorld } from './cluster-world.ts';

/** The ids of the shards in service. */
export const idsOf = ({ generations }: ClusterWorld): number[] =>
  Array.from({ length: generations.current.total }, (_, shardId) => shardId);

/**
 * Returns the dispatches that were sent in the sessions that live, as keys, and are missing in `seen`. Where the bot is
 * resharded another session may have to handle them, and `events-kept` judges instead.
 */
export function missing(world: ClusterWorld, seen: ReadonlySet<string>): string[] {
  if (world.setting.reshards) return [];
  const sessions = idsOf(world).map((shardId) => world.generations.currentSession(shardId));
  return sessions.flatMap((session) =>
    (session?.log ?? []).map((_, index) => `${session?.id}/${index}`).filter((key) => !seen.has(key)),
  );
}

export const streamOnce: ClusterCheck = {
  rule: 'No dispatch is appended to a stream twice, unless the engine has forgotten it.',
  watch: ({ log }, complain) => {
    const seen = new Set<string>();
    log.on('forgotten', () => seen.clear());
    log.on('appended', ({ shardId, sessionId, index }) => {
      const key = `${sessionId}/${index}`;
      if (seen.has(key)) complain(`the stream of shard ${shardId} has dispatch ${key} twice`);
      seen.add(key);
    });
  },
};

export const streamOrder: ClusterCheck = {
  rule: 'The dispatches of a session are appended in their order, without a gap.',
  watch: ({ log, gateway }, complain) => {
    const next = new Map<string, number>();
    const stored = new Set<number>();
    /** Other shards had it, or none in service: so a generation begins in the middle, and leaves out what was delivered. */
    const isLeftOut = (sessionId: string, index: number): boolean => {
      const { guilds, sessions } = gateway;
      const session = sessions.get(sessionId);
      if (guilds === null || session === undefined) return false;
      const event = guilds.at(session, index);
      return event === null || stored.has(event.id) || !guilds.isOwed(event);
    };
    log.on('appended', ({ shardId, sessionId, index, event }) => {
      const expected = next.get(sessionId) ?? 0;
      for (let skipped = expected; skipped < index; skipped += 1)
        if (!isLeftOut(sessionId, skipped))
          complain(`the stream of shard ${shardId} goes on with ${sessionId}/${index}, without ${skipped}`);
      next.set(sessionId, Math.max(expected, index + 1));
      if (event !== null) stored.add(event.id);
    });
  },
};

export const streamComplete: ClusterCheck = {
  rule: 'With `publish`, each dispatch is in the stream when all faults are over.',
  watch: (world, complain) => {
    const seen = new Set<string>();
    world.log.on('appended', ({ sessionId, index }) => void seen.add(`${sessionId}/${index}`));
    world.log.on('recovered', () => {
      const lost = world.setting.publish ? missing(world, seen) : [];
      if (lost.length > 0) complain(`${lost.length} dispatches are in no stream, the first is ${lost[0]}`);
    });
  },
};
