/**
 * The guilds of a bot that is resharded, and their events: every session that a guild belongs to receives each, so that two
 * generations of shards do while both live. An event is the same to all of them, so it carries no tag of its session.
 */
import { randomFor } from '../../src/testing/seeded-random.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import type { GatewaySession } from '../gateway-session.ts';
import { eventOf } from '../manager/guilds.ts';
import type { ClusterWorld } from './cluster-world.ts';

const GUILDS = 48;
const TYPES = ['MESSAGE_CREATE', 'TYPING_START', 'PRESENCE_UPDATE', 'GUILD_UPDATE'] as const;

export interface GuildEvent {
  /** Grows with time. */
  readonly id: number;
  readonly guild: number;
  /** The sessions that receive it. */
  readonly sessions: readonly GatewaySession[];
  /** Whether one of these was of shards in service, as the engine or a node has them. */
  readonly isServed: boolean;
}

export class ClusterGuilds {
  readonly events: GuildEvent[] = [];
  readonly #world: ClusterWorld;
  readonly #random: SeededRandom;
  readonly #living = new Set<GatewaySession>();
  /** The newest event of each session that was handled. */
  readonly #newest = new Map<string, number>();
  #hasTraffic = true;

  constructor(world: ClusterWorld) {
    this.#world = world;
    world.log.on(world.setting.publish ? 'appended' : 'dispatched', ({ sessionId, event }) => {
      if (event !== null) this.#newest.set(sessionId, Math.max(event.id, this.#newest.get(sessionId) ?? 0));
    });
    this.#random = randomFor(world.setting.seed, 'guilds');
    this.#scheduleTraffic();
  }

  onSession(session: GatewaySession): void {
    this.#living.add(session);
  }

  stopTraffic(): void {
    this.#hasTraffic = false;
  }

  /** Returns the event of a dispatch. */
  at(session: GatewaySession, index: number): GuildEvent | null {
    const id = eventOf(session.log[index]?.d)?.event;
    return id === undefined ? null : (this.events[id - 1] ?? null);
  }

  /** Finds what a node has delivered: during a hand-over both generations may have a shard of the same id. */
  find(d: unknown, { shardId, sequence, total }: { shardId: number; sequence: number; total: number | null }) {
    const event = this.events[(eventOf(d)?.event ?? 0) - 1];
    if (event === undefined) return null;
    const found = event.sessions
      .filter((session) => session.shardId === shardId)
      .map((session) => ({ session, index: session.indexAfter(sequence) - 1 }))
      .filter(({ session, index }) => this.at(session, index) === event);
    const { session, index } = found.findLast(({ session: { shardCount } }) => shardCount === total) ?? found[0] ?? {};
    return session === undefined || index === undefined ? null : { sessionId: session.id, index, event };
  }

  /**
   * Whether the cluster must have handled an event: if shards in service received it, and no session of them was lost before it
   * handled this or a later event. A session is lost when the engine and the nodes that knew it are gone, so that another one
   * was begun, or when that befalls its whole generation.
   */
  isOwed(event: GuildEvent): boolean {
    const { generations } = this.#world;
    if (!event.isServed) return false;
    const served = event.sessions.filter((session) => generations.hasServed(session));
    const isLate = (session: GatewaySession): boolean => event.id > (this.#newest.get(session.id) ?? 0);
    if (served.some((session) => generations.isReplaced(session) && isLate(session))) return false;
    return served.some((session) => generations.leadsToCurrent(session)) || !served.some(isLate);
  }

  #send(): void {
    const { generations } = this.#world;
    const guild = this.#random.int(0, GUILDS - 1);
    const sessions: GatewaySession[] = [];
    for (const session of this.#living) {
      if (session.endedBy !== null) this.#living.delete(session);
      else if (guild % session.shardCount === session.shardId) sessions.push(session);
    }
    const id = this.events.length + 1;
    const isServed = sessions.some((session) => generations.isWanted(session));
    this.events.push({ id, guild, sessions, isServed });
    const type = this.#random.pick(TYPES);
    const guildId = String(BigInt(guild) << 22n);
    for (const session of sessions) session.dispatch(type, { guild_id: guildId, event: id });
  }

  #scheduleTraffic(): void {
    const { trafficMs, shards } = this.#world.setting;
    this.#world.clock.scheduleInWorld(
      () => {
        if (!this.#hasTraffic) return;
        const count = this.#random.chance(0.9) ? 1 : this.#random.int(2, 10);
        for (let n = 0; n < count; n += 1) this.#send();
        this.#scheduleTraffic();
      },
      Math.ceil(this.#random.exponential(trafficMs / shards)),
    );
  }
}
