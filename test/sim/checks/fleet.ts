/** What a manager owes beyond what its shards do. */
import { isCommon } from '../../../src/manager/common-failures.ts';
import type { GatewayError } from '../../../src/index.ts';
import type { BotLife } from '../fleet/bot-life.ts';
import { eventOf } from '../fleet/guilds.ts';
import type { GatewaySession } from '../gateway-session.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export const eventsOnce: Check = {
  rule: 'each event of a guild reaches the listeners once and in order, over reconnections, resharding and restarts in order',
  watch(world, complain) {
    /** By guild, what the listeners of this process, and of those before, had last. */
    let own = new Map<string, number>();
    const before = new Map<string, number>();
    /** Something on the way made the store know less than was handed out. */
    let isRepeatGranted = false;
    world.chronicle.on('bot.dispatched', ({ dispatch }) => {
      const found = eventOf(dispatch.d);
      if (found === null) return;
      const { guild, event } = found;
      const last = own.get(guild) ?? 0;
      if (event <= last) complain(`event ${event} of guild ${guild} was handed out after event ${last}`);
      const earlier = before.get(guild) ?? 0;
      if (event <= earlier && !isRepeatGranted) complain(`event ${event} of guild ${guild} was handed out once more after a restart in order`);
      own.set(guild, event);
    });
    world.chronicle.on('store.failed', () => (isRepeatGranted = true));
    world.chronicle.on('fault', ({ name }) => {
      if (name === 'slowStore') isRepeatGranted = true;
    });
    world.chronicle.on('bot.over', ({ gently }) => {
      if (!gently) isRepeatGranted = true;
      for (const [guild, event] of own) if (event > (before.get(guild) ?? 0)) before.set(guild, event);
      own = new Map();
    });
  },
};

interface Owed {
  readonly id: number;
  readonly guild: string;
  readonly sessions: readonly GatewaySession[];
}

/** Sessions that were let go in order are no loss: others have taken over from them. */
const isUnharmed = (session: GatewaySession, given: ReadonlySet<GatewaySession>): boolean =>
  !given.has(session) && (session.endedBy === null ? session.speaker !== null : session.endedBy.startsWith('the shard closed with'));

export const eventsKept: Check = {
  rule: 'once all is well, each event has been handed out that a session in service was told, unless Discord has ended the session',
  watch(world, complain) {
    /** The shard count in service, also while no process runs. */
    let total: number | null = null;
    let owed: Owed[] = [];
    /** What the user has given up. */
    const given = new Set<GatewaySession>();
    const giveUpAll = (): void => {
      for (const session of world.gateway.sessions.values()) given.add(session);
    };
    /** What a process leaves behind may be nobody's: no store knows it, or one that has failed to be told. */
    let isStoreBehind = !world.setting.hasStore;
    world.chronicle.on('guild.event', ({ id, guild, sessions }) => {
      total = world.bot?.life.manager.total ?? total;
      if (sessions.some((session) => session.total === total)) owed.push({ id, guild, sessions });
    });
    const got = new Set<number>();
    world.chronicle.on('bot.dispatched', ({ dispatch }) => {
      const found = eventOf(dispatch.d);
      if (found !== null) got.add(found.event);
    });
    world.chronicle.on('deed', ({ drops }) => {
      if (drops === true) giveUpAll();
    });
    world.chronicle.on('store.failed', () => (isStoreBehind = true));
    world.chronicle.on('fault', ({ name }) => {
      if (name === 'slowStore') isStoreBehind = true;
    });
    world.chronicle.on('bot.over', () => {
      if (isStoreBehind) giveUpAll();
    });
    world.chronicle.on('drain.ended', () => {
      owed = owed.filter(({ id, sessions }) => !got.has(id) && sessions.every((session) => isUnharmed(session, given)));
      for (const { id, guild, sessions } of owed.slice(0, 1)) {
        complain(`event ${id} of guild ${guild} was told to ${sessions.map((session) => session.id).join(', ')}, and never handed out (${owed.length} in all)`);
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
      const { life, stored } = world.bot!;
      return total === life.manager.total && (life.manager.shards.get(id)?.session ?? stored.get(id))?.shardCount === total;
    };
    const disturb = (): void => void (isDisturbed = true);
    world.chronicle.on('bot.state', ({ life, to }) => {
      if (to !== 'starting' && to !== 'resharding') return;
      turns = new Map();
      isDisturbed = to === 'starting' && [...life.manager.shards.values()].some(({ state }) => state !== 'disconnected');
    });
    for (const name of ['socket.closed', 'shard.closing', 'bot.over', 'socket.deaf'] as const) world.chronicle.on(name, disturb);
    world.chronicle.on('bot.told', ({ name }) => {
      if (name === 'fault') disturb();
    });
    world.chronicle.on('deed', ({ name }) => {
      if (['connect', 'reconnect', 'stopOne'].includes(name)) disturb();
    });
    world.chronicle.on('shard.sent', ({ socket: { shardId }, packet }) => {
      if (shardId === null || (packet.op !== 2 && packet.op !== 6)) return;
      const total = packet.op === 2 ? (packet.d as { shard: [number, number] }).shard[1] : totalOf(world, packet.d as { session_id: string });
      if (total === null) return;
      const done = turns.get(total) ?? new Set<number>();
      turns.set(total, done);
      done.add(shardId);
      if (packet.op !== 2 || isDisturbed) return;
      const first = Math.floor(shardId / world.setting.maxConcurrency) * world.setting.maxConcurrency;
      for (let id = 0; id < first; id += 1) if (!done.has(id) && !hasSession(total, id)) complain(`shard ${shardId} of ${total} identified before shard ${id}`);
    });
  },
};

const totalOf = ({ gateway }: World, { session_id: id }: { session_id: string }): number | null => gateway.sessions.get(id)?.total ?? null;

export const oneError: Check = {
  rule: 'what all shards fail of is told once, and by none of them',
  watch(world, complain) {
    const told = new Map<BotLife, string>();
    world.chronicle.on('bot.state', ({ life, from, to }) => {
      if (to === 'starting' && from !== 'running') told.delete(life);
    });
    world.chronicle.on('bot.told', ({ life, name, args }) => {
      if (name !== 'failed') return;
      const [{ code }, shardId] = args as [GatewayError, number | null];
      if (shardId !== null && isCommon(code, true)) complain(`${code} was told of shard ${shardId} alone`);
      const before = told.get(life);
      if (before !== undefined) complain(`${code} was told of ${shardId ?? 'all'} after ${before} of all`);
      if (shardId === null) told.set(life, code);
    });
  },
};
