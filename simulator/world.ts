/**
 * The simulated world of one run: clock, conditions, gateway, network, REST API, and the users with their processes.
 */
import { createSystemClock } from '../src/clock.ts';
import type { Clock } from '../src/clock.ts';
import { MemoryIdentifyGate } from '../src/index.ts';
import type { CreateSocket } from '../src/index.ts';
import { randomFor } from '../src/testing/seeded-random.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import { SimApi } from './manager/api.ts';
import { BotPlace } from './manager/bot-place.ts';
import { SimGuilds } from './manager/guilds.ts';
import { SimGateway } from './gateway.ts';
import { EventLog } from './event-log.ts';
import { Link } from './link.ts';
import { MAIN_URL } from './setting.ts';
import type { Setting } from './setting.ts';
import { SimClock } from './sim-clock.ts';
import { SimSocket } from './sim-socket.ts';
import { ShardPlace } from './shard-place.ts';
import type { ProcessPlace, SimulatedProcess } from './simulated-process.ts';
import { Conditions } from './conditions.ts';
import type { ConditionName, ConditionValues } from './conditions.ts';

const START_AT = Date.UTC(2026, 0, 1);

/** Lets a test break a shard or the world on purpose. */
export interface Sabotage {
  createSocket?: (world: World, socket: SimSocket) => ReturnType<CreateSocket>;
}

export class World {
  readonly setting: Setting;
  readonly eventLog = new EventLog();
  readonly clock: SimClock;
  /** The clock of the library: the system clock of a simulated machine, or one that is never suspended. */
  readonly libraryClock: Clock;
  readonly conditions: Conditions;
  readonly gateway: SimGateway;
  readonly gate: MemoryIdentifyGate;
  readonly api: SimApi;
  /** The places of single shards; empty with a manager. */
  readonly shardPlaces: readonly ShardPlace[];
  /** The guilds of a manager; `null` without one. */
  readonly guilds: SimGuilds | null;
  readonly bot: BotPlace | null;
  readonly #sabotage: Sabotage;
  #sockets = 0;
  isHealed = false;

  constructor(setting: Setting, sabotage: Sabotage = {}) {
    this.setting = setting;
    this.#sabotage = sabotage;
    this.clock = new SimClock(randomFor(setting.seed, 'clock'), setting.lateness, START_AT);
    const { clock } = this;
    this.libraryClock = setting.hasSystemClock
      ? createSystemClock({
          wallNow: clock.now,
          monotonicNow: () => clock.now() - clock.suspendedMs,
          timers: clock.nodeTimers,
          afterReading: clock.afterReading,
        })
      : clock;
    this.conditions = new Conditions(this.clock.now);
    this.gateway = new SimGateway(this);
    this.gate = new MemoryIdentifyGate({
      maxConcurrency: setting.maxConcurrency,
      ...setting.budget,
      clock: this.libraryClock,
    });
    this.api = new SimApi(this);
    this.shardPlaces = Array.from(
      { length: setting.manager === null ? setting.shards : 0 },
      (_, shardId) => new ShardPlace(this, shardId),
    );
    this.guilds = setting.manager === null ? null : new SimGuilds(this, setting.manager.guilds);
    this.bot = setting.manager === null ? null : new BotPlace(this);
  }

  get places(): readonly ProcessPlace[] {
    return this.bot === null ? this.shardPlaces : [this.bot];
  }

  createSocket(proc: SimulatedProcess, url: string, shardId: number | null): ReturnType<CreateSocket> {
    if (this.conditions.get('createThrows') !== undefined) throw new Error('the socket can not be created');
    this.#sockets += 1;
    const link = new Link(this.clock, randomFor(this.setting.seed, `link ${this.#sockets}`), this.setting);
    const socket = new SimSocket(this, this.#sockets, proc, url, link, shardId);
    proc.sockets.push(socket);
    this.eventLog.record('socket.created', { socket });
    this.#openLink(socket);
    return this.#sabotage.createSocket?.(this, socket) ?? socket;
  }

  #openLink(socket: SimSocket): void {
    const { conditions, clock } = this;
    const host = socket.url.host === new URL(MAIN_URL).host ? 'main' : 'resume';
    const hits = (where: 'main' | 'resume' | 'all' | undefined): boolean => where === 'all' || where === host;
    if (hits(conditions.get('unreachable'))) return;
    const delayMs = socket.link.latencyMs() * 2 + (conditions.get('slowConnect') ?? 0);
    if (hits(conditions.get('refuse'))) {
      return clock.scheduleArrival(() => socket.onRefused('connect ECONNREFUSED'), clock.now() + delayMs);
    }
    clock.scheduleInWorld(() => this.gateway.accept(socket), delayMs);
  }

  makeHalfOpen(socket: SimSocket): void {
    if (socket.link.isHalfOpen || socket.readyState === 3) return;
    socket.link.isHalfOpen = true;
    this.eventLog.record('socket.halfOpen', { socket });
    // The gateway notices after a while.
    this.clock.scheduleInWorld(() => socket.connection?.drop(), this.setting.heartbeatIntervalMs * 3);
  }

  /** Stops the process, or suspends the machine. What becomes of its connections depends on the network. */
  sleep(ms: number, isSuspended: boolean, random: SeededRandom): void {
    const { clock, setting } = this;
    const until = clock.now() + ms;
    this.eventLog.record('process.asleep', { ms, until });
    if (isSuspended && setting.hasSystemClock) clock.suspend(ms);
    else clock.sleep(ms);
    if (!isSuspended) return;
    for (const connection of this.gateway.connections) {
      const fate = random.pick(['alive', 'half open', 'dropped'] as const);
      if (fate === 'half open') this.makeHalfOpen(connection.socket);
      if (fate === 'dropped') clock.scheduleInWorld(() => connection.drop(), random.int(0, ms));
    }
  }

  setCondition<Name extends ConditionName>(name: Name, value: ConditionValues[Name], forMs: number): void {
    this.conditions.set(name, value, forMs);
    this.clock.scheduleInWorld(() => this.gateway.answerPending(), forMs);
  }

  /** Frees compression contexts, which the garbage collector does not know. */
  close(): void {
    for (const connection of this.gateway.connections) connection.close(1001);
  }

  /** Ends all conditions. Half-open sockets stay half open. */
  heal(): void {
    this.isHealed = true;
    this.conditions.clear();
    for (const connection of this.gateway.connections) connection.acksToSkip = 0;
    this.gateway.stopTraffic();
    this.guilds?.stopTraffic();
    this.gateway.answerPending();
  }
}
