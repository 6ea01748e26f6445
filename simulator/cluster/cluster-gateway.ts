/**
 * Discord's gateway in the cluster world. It is a good one: sessions live long, and it refuses no RESUME that it need not
 * refuse. So whatever a cluster loses, or starts again, is the cluster's own fault.
 */
import type { Packet } from '../../src/protocol/packets.ts';
import { randomFor } from '../../src/testing/seeded-random.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import { GatewaySession } from '../gateway-session.ts';
import type { SimClock } from '../sim-clock.ts';
import type { ClusterGenerations } from './cluster-generations.ts';
import type { ClusterGuilds } from './cluster-guilds.ts';
import type { ClusterLog } from './cluster-log.ts';
import type { ClusterSetting } from './cluster-setting.ts';
import { ClusterSocket } from './cluster-socket.ts';
import type { NodeProcess } from './node-process.ts';

export const MAIN_URL = 'wss://main.sim';
export const HEARTBEAT_INTERVAL_MS = 41_250;
/** How much longer than others the way to a shard may be. */
const MAX_LAG_MS = 300;
const TYPES = ['MESSAGE_CREATE', 'TYPING_START', 'PRESENCE_UPDATE', 'GUILD_UPDATE'] as const;

/** Returns which dispatch of which session this is, by the tag in its data. */
export function taggedIn(d: unknown): { sessionId: string; index: number; event: null } | null {
  const { sim } = (d ?? {}) as { sim?: [sessionId: string, index: number] };
  return sim === undefined ? null : { sessionId: sim[0], index: sim[1], event: null };
}

export class ClusterGateway {
  readonly sessions = new Map<string, GatewaySession>();
  readonly sockets = new Set<ClusterSocket>();
  readonly #clock: SimClock;
  readonly #setting: ClusterSetting;
  readonly log: ClusterLog;
  readonly #generations: ClusterGenerations;
  /** Set where the bot is resharded. Elsewhere each session has events of its own. */
  guilds: ClusterGuilds | null = null;
  readonly #random: SeededRandom;
  readonly #lag: SeededRandom;
  #lastArrivalAt = 0;
  #hasTraffic = true;

  constructor(clock: SimClock, setting: ClusterSetting, log: ClusterLog, generations: ClusterGenerations) {
    this.#generations = generations;
    this.#clock = clock;
    this.#setting = setting;
    this.log = log;
    this.#random = randomFor(setting.seed, 'gateway');
    this.#lag = randomFor(setting.seed, 'lag');
  }

  /** Calls back after the latency of the network. Travels with one lag are equally long, so that they keep their order. */
  travel(run: () => void, lagMs = 0): void {
    const order = (this.#lastArrivalAt += 1e-9);
    this.#clock.scheduleInWorld(run, this.#setting.latencyMs + lagMs, order);
  }

  connect(proc: NodeProcess, url: string): ClusterSocket {
    // So one generation of shards is ahead of another one.
    const lagMs = this.guilds === null ? 0 : this.#lag.int(0, MAX_LAG_MS);
    const socket = new ClusterSocket(this, { proc, url, lagMs });
    this.sockets.add(socket);
    this.travel(() => {
      if (proc.hasEnded) return;
      this.log.record('gateway.accepted', { socket });
      socket.open();
      socket.push({ op: 10, d: { heartbeat_interval: HEARTBEAT_INTERVAL_MS } });
    });
    return socket;
  }

  receive(socket: ClusterSocket, { op, d }: Packet): void {
    if (op === 1) socket.push({ op: 11 });
    if (op === 2) this.#identify(socket, (d as { shard: [number, number] }).shard);
    if (op === 6) this.#resume(socket, d as { session_id: string; seq: number });
  }

  onClosedByShard(socket: ClusterSocket, code: number): void {
    this.log.record('socket.closing', { proc: socket.proc, code, session: socket.session });
  }

  stopTraffic(): void {
    this.#hasTraffic = false;
    this.guilds?.stopTraffic();
  }

  #identify(socket: ClusterSocket, shard: readonly [number, number]): void {
    const session = new GatewaySession(`s${this.sessions.size + 1}`, shard, this.guilds === null);
    this.#generations.onSession(session);
    this.log.record('identify', { proc: socket.proc, shardId: shard[0], session });
    this.sessions.set(session.id, session);
    socket.attach(session, 0);
    session.dispatch('READY', { v: 10, session_id: session.id, resume_gateway_url: 'wss://resume.sim', guilds: [] });
    if (this.guilds === null) this.#scheduleTraffic(session);
    else this.guilds.onSession(session);
  }

  #resume(socket: ClusterSocket, { session_id: id, seq }: { session_id: string; seq: number }): void {
    const session = this.sessions.get(id);
    this.log.record('resume', { proc: socket.proc, sessionId: id, sequence: seq });
    if (session === undefined || session.endedBy !== null || seq > session.sequence)
      return socket.push({ op: 9, d: false });
    socket.attach(session, session.indexAfter(seq));
    socket.sendPending();
    socket.push({ op: 0, t: 'RESUMED', s: session.sequence, d: {} });
  }

  #scheduleTraffic(session: GatewaySession): void {
    const delayMs = Math.ceil(this.#random.exponential(this.#setting.trafficMs));
    this.#clock.scheduleInWorld(() => {
      if (!this.#hasTraffic) return;
      const count = this.#random.chance(0.9) ? 1 : this.#random.int(2, 10);
      for (let n = 0; n < count; n += 1) session.dispatch(this.#random.pick(TYPES), {});
      this.#scheduleTraffic(session);
    }, delayMs);
  }
}
