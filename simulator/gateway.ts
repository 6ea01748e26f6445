/** The simulated gateway: it keeps sessions, answers IDENTIFY, RESUME and requests, and sends dispatches. */
import type { Packet } from '../src/protocol/packets.ts';
import { GatewayConnection } from './gateway-connection.ts';
import { GatewaySession } from './gateway-session.ts';
import { oddChunk, oddRateLimit, oddReady } from './odd-data.ts';
import type { SimSocket } from './sim-socket.ts';
import { randomFor } from '../src/testing/seeded-random.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import type { World } from './world.ts';

const TYPES = [
  'MESSAGE_CREATE',
  'TYPING_START',
  'PRESENCE_UPDATE',
  'GUILD_UPDATE',
  'MESSAGE_DELETE',
  'SOMETHING_NEW',
] as const;

export class SimGateway {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly sessions = new Map<string, GatewaySession>();
  readonly connections = new Set<GatewayConnection>();
  #hasTraffic = true;
  #oddIds = 0;

  constructor(world: World) {
    this.#world = world;
    this.#random = randomFor(world.setting.seed, 'gateway');
  }

  /** Returns the shard of an IDENTIFY or RESUME; `null` for other packets. */
  shardIdOf({ op, d }: Packet): number | null {
    if (op === 2) return (d as { shard?: [number, number] }).shard?.[0] ?? null;
    if (op === 6) return this.sessions.get((d as { session_id: string }).session_id)?.shardId ?? null;
    return null;
  }

  accept(socket: SimSocket): void {
    if (socket.readyState !== 0) return;
    const { conditions, clock, setting } = this.#world;
    const connection = new GatewayConnection(
      this.#world,
      this,
      socket,
      randomFor(setting.seed, `connection ${socket.id}`),
    );
    socket.connection = connection;
    this.connections.add(connection);
    this.#world.eventLog.record('gateway.accepted', { socket });
    if (conditions.get('halfOpenFromStart') !== undefined)
      clock.scheduleInWorld(() => this.#world.makeHalfOpen(socket), setting.latencyMs * 2);
    socket.link.toShard(() => socket.onOpened());
    if (conditions.get('reconnectFirst') !== undefined) return connection.send({ op: 7, d: null });
    this.#sendHello(connection);
  }

  #sendHello(connection: GatewayConnection): void {
    const { conditions, setting } = this.#world;
    if (conditions.get('noHello') !== undefined) {
      connection.pending = () => this.#sendHello(connection);
      return;
    }
    const invalid = conditions.get('invalidHello');
    connection.send({
      op: 10,
      d: { heartbeat_interval: invalid === undefined ? setting.heartbeatIntervalMs : invalid },
    });
  }

  identify(connection: GatewayConnection, d: { shard: readonly [number, number] }): void {
    const { conditions, clock, setting } = this.#world;
    if (conditions.get('rejectIdentify') !== undefined) return connection.send({ op: 9, d: false });
    if (conditions.get('noReady') !== undefined) {
      connection.pending = () => this.identify(connection, d);
      return;
    }
    if (conditions.get('countRefused') !== undefined && d.shard[1] !== setting.shards)
      return connection.close(4010, 'Invalid shard.');
    clock.scheduleInWorld(
      () => this.#startSession(connection, d.shard),
      this.#random.chance(0.7) ? 0 : this.#random.int(1, 3_000),
    );
  }

  #startSession(connection: GatewayConnection, shard: readonly [number, number]): void {
    if (connection.isClosed || connection.isInvalidated) return;
    const { guilds } = this.#world;
    const session = new GatewaySession(`s${this.sessions.size + 1}`, shard, guilds === null);
    this.sessions.set(session.id, session);
    const host = `wss://resume-${this.#random.int(1, 3)}.sim${this.#random.chance(0.1) ? '/path?a=b' : ''}`;
    connection.attach(session, 0, false);
    const ids = guilds?.idsForShard(...shard) ?? [];
    const ready = {
      v: 10,
      session_id: session.id,
      resume_gateway_url: host,
      guilds: ids.map((id) => ({ id, unavailable: true })),
    };
    const isOdd = this.#world.conditions.get('oddReady') !== undefined;
    session.dispatch('READY', isOdd ? oddReady(ready, this.#random, guilds === null) : ready);
    if (guilds === null) return this.#scheduleTraffic(session);
    for (const id of ids) {
      if (this.#random.chance(0.98))
        this.#world.clock.scheduleInWorld(() => session.dispatch('GUILD_CREATE', { id }), this.#random.int(0, 2_000));
    }
  }

  resume(connection: GatewayConnection, d: { session_id: string; seq: number }): void {
    const { conditions } = this.#world;
    const session = this.sessions.get(d.session_id);
    if (conditions.get('noResumed') !== undefined) {
      connection.pending = () => this.resume(connection, d);
      return;
    }
    if (session === undefined || session.endedBy !== null) return connection.send({ op: 9, d: false });
    if (conditions.get('rejectResume') !== undefined) {
      this.endSession(session, 'its RESUME was rejected');
      return connection.send({ op: 9, d: false });
    }
    if (conditions.get('suspendResume') !== undefined) return connection.send({ op: 9, d: true });
    if (d.seq > session.sequence) {
      this.endSession(session, 'RESUME had a sequence that was not sent');
      return connection.close(4007, 'Invalid seq.');
    }
    const from = session.indexAfter(d.seq);
    const overlap = conditions.get('replayOverlap') ?? 0;
    // READY is not repeated, unless the shard asks for it.
    connection.attach(session, Math.max(Math.min(from, 1), from - overlap), true);
  }

  requestMembers(
    connection: GatewayConnection,
    { guild_id: guildId, nonce }: { guild_id: string; nonce: string },
  ): void {
    const { conditions, clock } = this.#world;
    const { session, random } = connection;
    if (session === null || conditions.get('noChunks') !== undefined || random.chance(0.05)) return;
    const isOdd = conditions.get('oddAnswers') !== undefined;
    if (conditions.get('chunksLimited') !== undefined || random.chance(0.1)) {
      const limit = { opcode: 8, retry_after: random.int(0, 20_000) / 1000, meta: { guild_id: guildId, nonce } };
      return session.dispatch('RATE_LIMITED', isOdd ? oddRateLimit(limit, random) : limit);
    }
    const count = random.int(1, 4);
    for (let index = 0; index < count; index += 1) {
      const chunk = {
        guild_id: guildId,
        members: [{ user: { id: `${index}` } }],
        chunk_index: index,
        chunk_count: count,
        nonce,
      };
      const sent = isOdd ? oddChunk(chunk, random) : chunk;
      clock.scheduleInWorld(() => session.dispatch('GUILD_MEMBERS_CHUNK', sent), random.int(0, 2_000));
    }
  }

  endSession(session: GatewaySession, why: string): void {
    if (session.endedBy !== null) return;
    session.endedBy = why;
    this.#world.eventLog.record('session.ended', { sessionId: session.id, why });
  }

  /** The connection of a session has closed. The session lives for its TTL. */
  detach(session: GatewaySession): void {
    const { clock, setting } = this.#world;
    const at = clock.now();
    session.connection = null;
    session.detachedAt = at;
    clock.scheduleInWorld(() => {
      if (session.connection === null && session.detachedAt === at)
        this.endSession(session, 'it had no connection for longer than its TTL');
    }, setting.sessionTtlMs);
  }

  /** Dispatches events: to this session, or to all sessions of random guilds if there is a manager. */
  burst(session: GatewaySession, count: number): void {
    if (this.#world.guilds !== null) return this.#world.guilds.createEvents(count);
    for (let n = 0; n < count; n += 1) {
      session.dispatch(
        this.#random.pick(TYPES),
        this.#random.chance(0.1) ? { text: 'ÿ∀𝄞'.repeat(this.#random.int(1, 400)) } : {},
      );
    }
  }

  /** Returns the id of the next dispatch that no session logs. */
  nextOddId(): number {
    this.#oddIds += 1;
    return this.#oddIds;
  }

  /** Sends the answers that were held back, if the conditions allow it now. */
  answerPending(): void {
    for (const connection of this.connections) {
      if (connection.isClosed) this.connections.delete(connection);
      const { pending } = connection;
      connection.pending = null;
      if (!connection.isClosed) pending?.();
    }
  }

  stopTraffic(): void {
    this.#hasTraffic = false;
  }

  #scheduleTraffic(session: GatewaySession): void {
    this.#world.clock.scheduleInWorld(
      () => {
        if (session.endedBy !== null || !this.#hasTraffic) return;
        this.burst(session, this.#random.chance(0.9) ? 1 : this.#random.int(2, 10));
        this.#scheduleTraffic(session);
      },
      Math.ceil(this.#random.exponential(this.#world.setting.trafficMs)),
    );
  }
}
