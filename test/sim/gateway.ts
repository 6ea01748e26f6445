/** Discord: sessions, what is said in them, and the answers to IDENTIFY, RESUME and requests. */
import type { Packet } from '../../src/protocol/packets.ts';
import { GatewayConnection } from './gateway-connection.ts';
import { GatewaySession } from './gateway-session.ts';
import type { SimSocket } from './sim-socket.ts';
import { stream } from './dice.ts';
import type { Dice } from './dice.ts';
import type { World } from './world.ts';

const TYPES = ['MESSAGE_CREATE', 'TYPING_START', 'PRESENCE_UPDATE', 'GUILD_UPDATE', 'MESSAGE_DELETE', 'SOMETHING_NEW'] as const;

export class SimGateway {
  readonly #world: World;
  readonly #dice: Dice;
  readonly sessions = new Map<string, GatewaySession>();
  readonly connections = new Set<GatewayConnection>();
  #hasTraffic = true;

  constructor(world: World) {
    this.#world = world;
    this.#dice = stream(world.setting.seed, 'gateway');
  }

  /** Which shard a handshake is of; `null` for all else. */
  shardOf({ op, d }: Packet): number | null {
    if (op === 2) return (d as { shard?: [number, number] }).shard?.[0] ?? null;
    if (op === 6) return this.sessions.get((d as { session_id: string }).session_id)?.shardId ?? null;
    return null;
  }

  accept(socket: SimSocket): void {
    if (socket.readyState !== 0) return;
    const { weather, clock, setting } = this.#world;
    const connection = new GatewayConnection(this.#world, this, socket, stream(setting.seed, `connection ${socket.id}`));
    socket.connection = connection;
    this.connections.add(connection);
    this.#world.chronicle.tell('gateway.accepted', { socket });
    if (weather.get('deafFromStart') !== undefined) clock.outside(() => this.#world.deafen(socket), setting.latencyMs * 2);
    socket.link.toShard(() => socket.opened());
    if (weather.get('reconnectFirst') !== undefined) return connection.say({ op: 7, d: null });
    this.#hello(connection);
  }

  #hello(connection: GatewayConnection): void {
    const { weather, setting } = this.#world;
    if (weather.get('noHello') !== undefined) {
      connection.pending = () => this.#hello(connection);
      return;
    }
    const insane = weather.get('insaneHello');
    connection.say({ op: 10, d: { heartbeat_interval: insane === undefined ? setting.heartbeatIntervalMs : insane } });
  }

  identify(connection: GatewayConnection, d: { shard: readonly [number, number] }): void {
    const { weather, clock, setting } = this.#world;
    if (weather.get('rejectIdentify') !== undefined) return connection.say({ op: 9, d: false });
    if (weather.get('noReady') !== undefined) {
      connection.pending = () => this.identify(connection, d);
      return;
    }
    if (weather.get('countRefused') !== undefined && d.shard[1] !== setting.shards) return connection.close(4010, 'Invalid shard.');
    clock.outside(() => this.#begin(connection, d.shard), this.#dice.chance(0.7) ? 0 : this.#dice.int(1, 3_000));
  }

  #begin(connection: GatewayConnection, shard: readonly [number, number]): void {
    if (connection.isClosed || connection.isInvalidated) return;
    const { guilds } = this.#world;
    const session = new GatewaySession(`s${this.sessions.size + 1}`, shard, guilds === null);
    this.sessions.set(session.id, session);
    const host = `wss://resume-${this.#dice.int(1, 3)}.sim${this.#dice.chance(0.1) ? '/path?a=b' : ''}`;
    connection.attach(session, 0, false);
    const ids = guilds?.idsOf(...shard) ?? [];
    session.say('READY', { v: 10, session_id: session.id, resume_gateway_url: host, guilds: ids.map((id) => ({ id, unavailable: true })) });
    if (guilds === null) return this.#traffic(session);
    for (const id of ids) {
      if (this.#dice.chance(0.98)) this.#world.clock.outside(() => session.say('GUILD_CREATE', { id }), this.#dice.int(0, 2_000));
    }
  }

  resume(connection: GatewayConnection, d: { session_id: string; seq: number }): void {
    const { weather } = this.#world;
    const session = this.sessions.get(d.session_id);
    if (weather.get('noResumed') !== undefined) {
      connection.pending = () => this.resume(connection, d);
      return;
    }
    if (session === undefined || session.endedBy !== null) return connection.say({ op: 9, d: false });
    if (weather.get('rejectResume') !== undefined) {
      this.end(session, 'its RESUME was rejected');
      return connection.say({ op: 9, d: false });
    }
    if (weather.get('suspendResume') !== undefined) return connection.say({ op: 9, d: true });
    if (d.seq > session.sequence) {
      this.end(session, 'RESUME with a sequence that was never said');
      return connection.close(4007, 'Invalid seq.');
    }
    connection.attach(session, session.indexAfter(d.seq), true);
  }

  members(connection: GatewayConnection, { guild_id: guildId, nonce }: { guild_id: string; nonce: string }): void {
    const { weather, clock } = this.#world;
    const { session, dice } = connection;
    if (session === null || weather.get('noChunks') !== undefined || dice.chance(0.05)) return;
    if (weather.get('chunksLimited') !== undefined || dice.chance(0.1)) {
      return session.say('RATE_LIMITED', { opcode: 8, retry_after: dice.int(0, 20_000) / 1000, meta: { guild_id: guildId, nonce } });
    }
    const count = dice.int(1, 4);
    for (let index = 0; index < count; index += 1) {
      const chunk = { guild_id: guildId, members: [{ user: { id: `${index}` } }], chunk_index: index, chunk_count: count, nonce };
      clock.outside(() => session.say('GUILD_MEMBERS_CHUNK', chunk), dice.int(0, 2_000));
    }
  }

  end(session: GatewaySession, why: string): void {
    if (session.endedBy !== null) return;
    session.endedBy = why;
    this.#world.chronicle.tell('session.ended', { sessionId: session.id, why });
  }

  /** Its connection is gone; it lives on for a while. */
  detach(session: GatewaySession): void {
    const { clock, setting } = this.#world;
    const at = clock.now();
    session.speaker = null;
    session.detachedAt = at;
    clock.outside(() => {
      if (session.speaker === null && session.detachedAt === at) this.end(session, 'it was without a connection for too long');
    }, setting.sessionTtlMs);
  }

  /** Something happens in a guild of this session. */
  burst(session: GatewaySession, count: number): void {
    if (this.#world.guilds !== null) return this.#world.guilds.happen(count);
    for (let n = 0; n < count; n += 1) {
      session.say(this.#dice.pick(TYPES), this.#dice.chance(0.1) ? { text: 'ÿ∀𝄞'.repeat(this.#dice.int(1, 400)) } : {});
    }
  }

  /** What was left unanswered is answered, as far as the weather allows. */
  answerPending(): void {
    for (const connection of this.connections) {
      if (connection.isClosed) this.connections.delete(connection);
      const { pending } = connection;
      connection.pending = null;
      if (!connection.isClosed) pending?.();
    }
  }

  endTraffic(): void {
    this.#hasTraffic = false;
  }

  #traffic(session: GatewaySession): void {
    this.#world.clock.outside(() => {
      if (session.endedBy !== null || !this.#hasTraffic) return;
      this.burst(session, this.#dice.chance(0.9) ? 1 : this.#dice.int(2, 10));
      this.#traffic(session);
    }, Math.ceil(this.#dice.exponential(this.#world.setting.trafficMs)));
  }
}
