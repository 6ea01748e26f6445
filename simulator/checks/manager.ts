/** What a manager owes beyond what its shards do. */
import { isSharedFailure } from '../../src/manager/shared-failures.ts';
import type { GatewayError } from '../../src/index.ts';
import type { BotProcess } from '../manager/bot-process.ts';
import { eventOf } from '../manager/guilds.ts';
import type { GatewaySession } from '../gateway-session.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export const eventsOnce: Check = {
  rule: 'each event of a guild reaches the listeners once and in order, over reconnections, resharding and restarts in order',
  watch(world, complain) {
    /** By guild, what the listeners of this process, and of those before, had last. */
    let lastByGuild = new Map<string, number>();
    const earlierByGuild = new Map<string, number>();
    /** Something on the way made the store know less than was handed out. */
    let mayRepeat = false;
    world.eventLog.on('bot.dispatched', ({ dispatch }) => {
      const found = eventOf(dispatch.d);
      if (found === null) return;
      const { guild, event } = found;
      const last = lastByGuild.get(guild) ?? 0;
      if (event <= last) complain(`event ${event} of guild ${guild} was handed out after event ${last}`);
      const earlier = earlierByGuild.get(guild) ?? 0;
      if (event <= earlier && !mayRepeat)
        complain(`event ${event} of guild ${guild} was handed out once more after a restart in order`);
      lastByGuild.set(guild, event);
    });
    world.eventLog.on('store.failed', () => (mayRepeat = true));
    world.eventLog.on('fault', ({ name }) => {
      if (name === 'slowStore') mayRepeat = true;
    });
    world.eventLog.on('bot.ended', ({ isGraceful }) => {
      if (!isGraceful) mayRepeat = true;
      for (const [guild, event] of lastByGuild)
        if (event > (earlierByGuild.get(guild) ?? 0)) earlierByGuild.set(guild, event);
      lastByGuild = new Map();
    });
  },
};

interface OwedEvent {
  readonly id: number;
  readonly guild: string;
  readonly sessions: readonly GatewaySession[];
}

/** Sessions that were let go in order are no loss: others have taken over from them. */
const isIntact = (session: GatewaySession, droppedSessions: ReadonlySet<GatewaySession>): boolean =>
  !droppedSessions.has(session) &&
  (session.endedBy === null ? session.connection !== null : session.endedBy.startsWith('the shard closed with'));

export const eventsKept: Check = {
  rule: 'once all is well, each event has been handed out that a session in service was told, unless Discord has ended the session',
  watch(world, complain) {
    /** The shard count in service, also while no process runs. */
    let total: number | null = null;
    let owedEvents: OwedEvent[] = [];
    /** What the user has given up. */
    const droppedSessions = new Set<GatewaySession>();
    const dropAll = (): void => {
      for (const session of world.gateway.sessions.values()) droppedSessions.add(session);
    };
    /** What a process leaves behind may be nobody's: no store knows it, or one that has failed to be told. */
    let isStoreBehind = !world.setting.hasStore;
    world.eventLog.on('guild.event', ({ id, guild, sessions }) => {
      total = world.bot?.proc.manager.total ?? total;
      if (sessions.some((session) => session.shardCount === total)) owedEvents.push({ id, guild, sessions });
    });
    const got = new Set<number>();
    world.eventLog.on('bot.dispatched', ({ dispatch }) => {
      const found = eventOf(dispatch.d);
      if (found !== null) got.add(found.event);
    });
    world.eventLog.on('action', ({ drops }) => {
      if (drops === true) dropAll();
    });
    world.eventLog.on('store.failed', () => (isStoreBehind = true));
    world.eventLog.on('fault', ({ name }) => {
      if (name === 'slowStore') isStoreBehind = true;
    });
    world.eventLog.on('bot.ended', () => {
      if (isStoreBehind) dropAll();
    });
    world.eventLog.on('drain.ended', () => {
      owedEvents = owedEvents.filter(
        ({ id, sessions }) => !got.has(id) && sessions.every((session) => isIntact(session, droppedSessions)),
      );
      for (const { id, guild, sessions } of owedEvents.slice(0, 1)) {
        complain(
          `event ${id} of guild ${guild} was told to ${sessions.map((session) => session.id).join(', ')}, and never handed out (${owedEvents.length} in all)`,
        );
      }
    });
  },
};

export const bucketOrder: Check = {
  rule: 'in a start that nothing disturbs no shard identifies before those of the buckets before',
  watch(world, complain) {
    /** By shard count, who has had his turn since the last start. */
    let turns = new Map<number, Set<number>>();
    let isDisturbed = true;
    /** Who resumes does so past the gate. */
    const hasSession = (total: number, id: number): boolean => {
      const { proc, stored } = world.bot!;
      return (
        total === proc.manager.total && (proc.manager.shards.get(id)?.session ?? stored.get(id))?.shardCount === total
      );
    };
    const disturb = (): void => void (isDisturbed = true);
    world.eventLog.on('bot.state', ({ proc, to }) => {
      if (to !== 'starting' && to !== 'resharding') return;
      turns = new Map();
      isDisturbed =
        to === 'starting' && [...proc.manager.shards.values()].some(({ state }) => state !== 'disconnected');
    });
    for (const name of ['socket.closed', 'shard.closing', 'bot.ended', 'socket.halfOpen'] as const)
      world.eventLog.on(name, disturb);
    world.eventLog.on('bot.emitted', ({ name }) => {
      if (name === 'fault') disturb();
    });
    world.eventLog.on('action', ({ name }) => {
      if (['connect', 'reconnect', 'stopOne'].includes(name)) disturb();
    });
    world.eventLog.on('shard.sent', ({ socket: { shardId }, packet }) => {
      if (shardId === null || (packet.op !== 2 && packet.op !== 6)) return;
      const total =
        packet.op === 2
          ? (packet.d as { shard: [number, number] }).shard[1]
          : shardCountOf(world, packet.d as { session_id: string });
      if (total === null) return;
      const done = turns.get(total) ?? new Set<number>();
      turns.set(total, done);
      done.add(shardId);
      if (packet.op !== 2 || isDisturbed) return;
      const first = Math.floor(shardId / world.setting.maxConcurrency) * world.setting.maxConcurrency;
      for (let id = 0; id < first; id += 1)
        if (!done.has(id) && !hasSession(total, id))
          complain(`shard ${shardId} of ${total} identified before shard ${id}`);
    });
  },
};

const shardCountOf = ({ gateway }: World, { session_id: id }: { session_id: string }): number | null =>
  gateway.sessions.get(id)?.shardCount ?? null;

export const oneError: Check = {
  rule: 'what all shards fail of is told once, and by none of them',
  watch(world, complain) {
    const reported = new Map<BotProcess, string>();
    world.eventLog.on('bot.state', ({ proc, from, to }) => {
      if (to === 'starting' && from !== 'running') reported.delete(proc);
    });
    world.eventLog.on('bot.emitted', ({ proc, name, args }) => {
      if (name !== 'failed') return;
      const [{ code }, shardId] = args as [GatewayError, number | null];
      if (shardId !== null && isSharedFailure(code, true)) complain(`${code} was told of shard ${shardId} alone`);
      const before = reported.get(proc);
      if (before !== undefined) complain(`${code} was told of ${shardId ?? 'all'} after ${before} of all`);
      if (shardId === null) reported.set(proc, code);
    });
  },
};
