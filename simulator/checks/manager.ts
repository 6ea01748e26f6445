/** Checks of what a manager promises beyond its shards. */
import { isSharedFailure } from '../../src/manager/shared-failures.ts';
import type { GatewayError } from '../../src/index.ts';
import type { BotProcess } from '../manager/bot-process.ts';
import { eventOf } from '../manager/guilds.ts';
import type { GatewaySession } from '../gateway-session.ts';
import type { World } from '../world.ts';
import { dataOf } from './check.ts';
import type { Check } from './check.ts';

export const eventsOnce: Check = {
  rule: 'every event of a guild reaches the listeners once and in order, across reconnects, resharding and graceful restarts',
  watch(world, complain) {
    /** The last event that each process delivered, by guild. */
    const delivered = new Map<BotProcess, Map<string, number>>();
    /** The last one of all processes that have ended. */
    const earlierByGuild = new Map<string, number>();
    /** Whether the store may be behind what was delivered, so that events come again after a restart. */
    let mayRepeat = false;
    world.eventLog.on('bot.dispatched', ({ proc, dispatch }) => {
      const found = eventOf(dataOf(dispatch));
      if (found === null) return;
      const { guild, event } = found;
      const lastByGuild = delivered.get(proc) ?? new Map<string, number>();
      delivered.set(proc, lastByGuild);
      const last = lastByGuild.get(guild) ?? 0;
      if (event <= last) complain(`event ${event} of guild ${guild} was delivered after event ${last}`);
      lastByGuild.set(guild, event);
      if (mayRepeat) return;
      if (event <= (earlierByGuild.get(guild) ?? 0))
        complain(`event ${event} of guild ${guild} was delivered again after a graceful restart`);
      for (const [other, events] of delivered)
        if (other !== proc && event <= (events.get(guild) ?? 0))
          complain(`event ${event} of guild ${guild} was delivered by processes ${other.number} and ${proc.number}`);
    });
    world.eventLog.on('store.failed', () => (mayRepeat = true));
    // The store must not be ahead of what waits in a stream, and the listeners are.
    world.eventLog.on('stream.opened', () => (mayRepeat = true));
    // The user connects a shard that waits for the process before it.
    world.eventLog.on('action', ({ name }) => {
      if (name === 'reconnect' && world.bot?.isOverlapping === true) mayRepeat = true;
    });
    world.eventLog.on('store.claimed', ({ isTakeOver }) => {
      if (isTakeOver) mayRepeat = true;
    });
    world.eventLog.on('fault', ({ name }) => {
      if (name === 'slowStore') mayRepeat = true;
    });
    world.eventLog.on('bot.ended', ({ proc, isGraceful }) => {
      if (!isGraceful) mayRepeat = true;
      for (const [guild, event] of delivered.get(proc) ?? [])
        if (event > (earlierByGuild.get(guild) ?? 0)) earlierByGuild.set(guild, event);
      delivered.delete(proc);
    });
  },
};

interface OwedEvent {
  readonly id: number;
  readonly guild: string;
  readonly sessions: readonly GatewaySession[];
}

/** Whether a session can still deliver its events. One that the shard closed itself has been handed over to others. */
const isIntact = (session: GatewaySession, droppedSessions: ReadonlySet<GatewaySession>): boolean =>
  !droppedSessions.has(session) &&
  (session.endedBy === null ? session.connection !== null : session.endedBy.startsWith('the shard closed with'));

export const eventsKept: Check = {
  rule: 'after recovery, every event that an active session received has been delivered, unless Discord ended the session, or a shard gave it up after too many resumes',
  watch(world, complain) {
    /** The active shard count, also while no process runs. */
    let total: number | null = null;
    let owedEvents: OwedEvent[] = [];
    /** The sessions that the user has discarded, or a shard has given up. */
    const droppedSessions = new Set<GatewaySession>();
    /** The session that each shard has resumed last, by process and shard id. */
    const resumedSessions = new Map<string, GatewaySession>();
    world.eventLog.on('shard.sent', ({ socket: { proc, shardId }, packet: { op, d } }) => {
      const session = op === 6 ? world.gateway.sessions.get((d as { session_id: string }).session_id) : undefined;
      if (session !== undefined) resumedSessions.set(`${proc.number} ${shardId}`, session);
    });
    // identify-needless judges with single shards when it may. Discord may still believe in the dead connection.
    world.eventLog.on('bot.emitted', ({ proc, name, args }) => {
      if (name !== 'fault' || (args[0] as GatewayError).code !== 'RESUMES_EXHAUSTED') return;
      const session = resumedSessions.get(`${proc.number} ${String(args[1])}`);
      if (session !== undefined) droppedSessions.add(session);
    });
    const dropAll = (): void => {
      for (const session of world.gateway.sessions.values()) droppedSessions.add(session);
    };
    /** Whether the store may lack the sessions of an ended process: there is none, or a write failed. */
    let isStoreBehind = !world.setting.hasStore;
    world.eventLog.on('guild.event', ({ id, guild, sessions }) => {
      total = world.bot?.proc.manager.total ?? total;
      if (sessions.some((session) => session.shardCount === total)) owedEvents.push({ id, guild, sessions });
    });
    /** The sessions whose READY arrived. The gateway may believe in another one until it notices a dead connection. */
    const begun = new Set<unknown>();
    world.eventLog.on('shard.received', ({ packet: { t, d } }) => {
      if (t === 'READY') begun.add((d as { session_id: string }).session_id);
    });
    const delivered = new Set<number>();
    world.eventLog.on('bot.dispatched', ({ dispatch }) => {
      const found = eventOf(dataOf(dispatch));
      if (found !== null) delivered.add(found.event);
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
    world.eventLog.on('recovery.ended', () => {
      owedEvents = owedEvents.filter(
        ({ id, sessions }) =>
          !delivered.has(id) &&
          sessions.every((session) => begun.has(session.id) && isIntact(session, droppedSessions)),
      );
      for (const { id, guild, sessions } of owedEvents.slice(0, 1)) {
        complain(
          `event ${id} of guild ${guild} was sent to ${sessions.map((session) => session.id).join(', ')}, but not delivered (${owedEvents.length} events in total)`,
        );
      }
    });
  },
};

export const bucketOrder: Check = {
  rule: 'in an undisturbed start, no shard identifies before the shards of earlier buckets',
  watch(world, complain) {
    /** By shard count: the shards that have sent IDENTIFY or RESUME since the last start. */
    let turns = new Map<number, Set<number>>();
    let isDisturbed = true;
    /** A shard with a session resumes, and does not wait at the gate. */
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
        world.bot?.isOverlapping === true ||
        (to === 'starting' && [...proc.manager.shards.values()].some(({ state }) => state !== 'disconnected'));
    });
    for (const name of ['socket.closed', 'shard.closing', 'bot.ended', 'socket.halfOpen'] as const)
      world.eventLog.on(name, disturb);
    world.eventLog.on('bot.emitted', ({ name }) => {
      if (name === 'fault') disturb();
    });
    world.eventLog.on('action', ({ name }) => {
      if (['connect', 'reconnect', 'connectOne', 'stopOne'].includes(name)) disturb();
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
  rule: 'a failure that all shards share is emitted once, without a shard id',
  watch(world, complain) {
    const reported = new Map<BotProcess, string>();
    world.eventLog.on('bot.state', ({ proc, from, to }) => {
      if (to === 'starting' && from !== 'running') reported.delete(proc);
    });
    world.eventLog.on('bot.emitted', ({ proc, name, args }) => {
      if (name !== 'failed') return;
      const [{ code }, shardId] = args as [GatewayError, number | null];
      if (shardId !== null && isSharedFailure(code, true)) complain(`${code} was emitted for shard ${shardId} alone`);
      const before = reported.get(proc);
      if (before !== undefined)
        complain(
          `${code} was emitted for ${shardId === null ? 'all shards' : `shard ${shardId}`} after ${before} for all shards`,
        );
      if (shardId === null) reported.set(proc, code);
    });
  },
};
