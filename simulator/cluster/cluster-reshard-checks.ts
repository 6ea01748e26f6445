/**
 * What holds for clusters that are resharded, by the events of guilds: two generations of shards receive each of them while
 * both live. In a cluster that is not resharded these checks look at nothing, or find one generation.
 */
import { GATEWAY_ERROR_CODES } from '../../src/protocol/errors.ts';
import type { ClusterCheck } from './cluster-check.ts';
import { doublesFrom } from './cluster-disturbances.ts';
import type { GuildEvent } from './cluster-guilds.ts';
import type { ClusterWorld } from './cluster-world.ts';
import { RESHARDED } from './node-process.ts';

/** Calls back for each event that is handled: delivered by a node, or, with `publish`, stored in a stream. */
function onHandled({ log, setting }: ClusterWorld, listener: (event: GuildEvent, by: string) => void): void {
  if (setting.publish)
    log.on(
      'appended',
      ({ event, shardId }) => void (event !== null && listener(event, `the stream of shard ${shardId}`)),
    );
  else log.on('dispatched', ({ event, proc }) => void (event !== null && listener(event, proc.name)));
}

export const eventsKept: ClusterCheck = {
  rule: 'Each event of a guild that shards in service received is delivered, or stored, when all faults are over.',
  watch: (world, complain) => {
    const handled = new Set<number>();
    onHandled(world, ({ id }) => void handled.add(id));
    world.log.on('recovered', () => {
      const { guilds } = world.gateway;
      const lost = guilds?.events.filter((event) => !handled.has(event.id) && guilds.isOwed(event)) ?? [];
      if (lost[0] === undefined) return;
      const { id, guild, sessions } = lost[0];
      const sentTo = sessions.map((session) => session.id).join(' ');
      complain(`${lost.length} events are lost, the first is ${id} of guild ${guild}, sent to ${sentTo}`);
    });
  },
};

export const eventsOnce: ClusterCheck = {
  rule: 'Each event of a guild is delivered, or stored, once, whichever generation does it, except as with `handled-once` and `stream-once`.',
  watch: (world, complain) => {
    const { clock, log, setting } = world;
    const isExcused = doublesFrom(world);
    const first = new Map<number, { readonly at: number; readonly by: string; readonly isCalm: boolean }>();
    // As with `stream-once`: what an engine has forgotten is stored again.
    if (setting.publish) log.on('forgotten', () => first.clear());
    onHandled(world, ({ id, guild }, by) => {
      const earlier = first.get(id);
      if (earlier === undefined) {
        first.set(id, { at: clock.now(), by, isCalm: world.isCalm });
        return;
      }
      if (setting.publish ? isExcused.byReturn(earlier.at) : !earlier.isCalm || isExcused.byFault(earlier.at)) return;
      complain(
        `${by} has event ${id} of guild ${guild}, which ${earlier.by} had ${clock.now() - earlier.at} ms before`,
      );
    });
  },
};

export const eventsInOrder: ClusterCheck = {
  rule: 'Without `publish`, the events of a guild are delivered in their order. One that comes again counts when it came first.',
  watch: (world, complain) => {
    if (world.setting.publish) return;
    const newest = new Map<number, number>();
    const seen = new Set<number>();
    onHandled(world, ({ id, guild }, by) => {
      if (seen.has(id)) return;
      seen.add(id);
      const before = newest.get(guild) ?? 0;
      if (id < before) complain(`${by} delivers event ${id} of guild ${guild} after ${before}`);
      newest.set(guild, Math.max(id, before));
    });
  },
};

export const oneGeneration: ClusterCheck = {
  rule: 'When all faults are over, all nodes have one shard count in service, and no connection or session of other shards is open.',
  watch: (world, complain) => {
    const { log, generations, gateway } = world;
    const look = (): void => {
      const { current, next } = generations;
      if (next !== null) complain(`${next.total} shards are about to take over from ${current.total}`);
      for (const { name, manager } of world.running)
        if (manager.total !== current.total)
          complain(`${name} has ${manager.total} shards in service, the engine ${current.total}`);
      for (const { proc, session } of gateway.sockets)
        if (session === null || generations.of(session) !== current.number)
          complain(`${proc.name} has a connection for ${session?.id ?? 'no session'}, which is not in service`);
    };
    log.on('rested', look);
    log.on('recovered', look);
  },
};

/** What the documentation of `reshard()` names, without the errors of `GET /gateway/bot`, which always answers here. */
const REFUSALS: ReadonlySet<string> = new Set([
  'RESHARD_REFUSED',
  'IDENTIFY_BUDGET_SPENT',
  'STOPPED',
  'ENGINE_UNAVAILABLE',
]);

export const reshardSettles: ClusterCheck = {
  rule: 'A call of `reshard()` resolves, or rejects with a code that its documentation names, soon after all faults are over.',
  watch: (world, complain) => {
    const { log } = world;
    const look = (): void => {
      for (const { proc, total } of world.openCalls) complain(`reshard(${total}) of ${proc.name} does not settle`);
    };
    log.on('rested', look);
    log.on('recovered', look);
    log.on('reshard.settled', ({ call: { proc, total, outcome } }) => {
      const code = GATEWAY_ERROR_CODES.find((each) => each === outcome);
      if (outcome !== RESHARDED && (code === undefined || !REFUSALS.has(code)))
        complain(`reshard(${total}) of ${proc.name} rejects with ${outcome}`);
      if (outcome === RESHARDED && proc.manager.total !== total)
        complain(`reshard(${total}) of ${proc.name} resolves, but it has ${proc.manager.total} shards`);
    });
  },
};

export const identifyBudget: ClusterCheck = {
  rule: 'The nodes start no more sessions than the bot may.',
  watch: ({ log, setting }, complain) => {
    let used = 0;
    log.on('identify', ({ proc, shardId }) => {
      used += 1;
      // See `ClusterWorld.answerApi()`: elsewhere the bot may always start all of them again.
      const isJudged = setting.reshards && used > setting.sessionStarts;
      if (isJudged) complain(`${proc.name} IDENTIFYs shard ${shardId}, the start ${used} of ${setting.sessionStarts}`);
    });
  },
};
