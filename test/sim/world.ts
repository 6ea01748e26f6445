/** All that is not the shard, in one place: time, weather, Discord, the ways there, and the users with their shards or their manager. */
import { MemoryIdentifyGate } from '../../src/index.ts';
import type { CreateSocket } from '../../src/index.ts';
import { stream } from './dice.ts';
import { SimApi } from './fleet/api.ts';
import { Bot } from './fleet/bot.ts';
import { Guilds } from './fleet/guilds.ts';
import { SimGateway } from './gateway.ts';
import { Chronicle } from './happenings.ts';
import { Link } from './link.ts';
import { MAIN_URL } from './setting.ts';
import type { Setting } from './setting.ts';
import { SimClock } from './sim-clock.ts';
import { SimSocket } from './sim-socket.ts';
import { Slot } from './slot.ts';
import type { Place, User } from './user.ts';
import { Weather } from './weather.ts';
import type { WeatherName, WeatherValues } from './weather.ts';

const START_AT = Date.UTC(2026, 0, 1);

/** Where a test breaks the shard or the world on purpose. */
export interface Sabotage {
  createSocket?: (world: World, socket: SimSocket) => ReturnType<CreateSocket>;
}

export class World {
  readonly setting: Setting;
  readonly chronicle = new Chronicle();
  readonly clock: SimClock;
  readonly weather: Weather;
  readonly gateway: SimGateway;
  readonly gate: MemoryIdentifyGate;
  readonly api: SimApi;
  /** Shards that stand alone; none where there is a manager. */
  readonly slots: readonly Slot[];
  /** The guilds of a manager. */
  readonly guilds: Guilds | null;
  readonly bot: Bot | null;
  readonly #sabotage: Sabotage;
  #sockets = 0;
  isHealed = false;

  constructor(setting: Setting, sabotage: Sabotage = {}) {
    this.setting = setting;
    this.#sabotage = sabotage;
    this.clock = new SimClock(stream(setting.seed, 'clock'), setting.lateness, START_AT);
    this.weather = new Weather(this.clock.now);
    this.gateway = new SimGateway(this);
    this.gate = new MemoryIdentifyGate({ maxConcurrency: setting.maxConcurrency, ...setting.budget, clock: this.clock });
    this.api = new SimApi(this);
    this.slots = Array.from({ length: setting.fleet === null ? setting.shards : 0 }, (_, shardId) => new Slot(this, shardId));
    this.guilds = setting.fleet === null ? null : new Guilds(this, setting.fleet.guilds);
    this.bot = setting.fleet === null ? null : new Bot(this);
  }

  get places(): readonly Place[] {
    return this.bot === null ? this.slots : [this.bot];
  }

  createSocket(life: User, url: string, shardId: number | null): ReturnType<CreateSocket> {
    if (this.weather.get('createThrows') !== undefined) throw new Error('no sockets today');
    this.#sockets += 1;
    const link = new Link(this.clock, stream(this.setting.seed, `link ${this.#sockets}`), this.setting);
    const socket = new SimSocket(this, this.#sockets, life, url, link, shardId);
    life.sockets.push(socket);
    this.chronicle.tell('socket.created', { socket });
    this.#dial(socket);
    return this.#sabotage.createSocket?.(this, socket) ?? socket;
  }

  #dial(socket: SimSocket): void {
    const { weather, clock } = this;
    const host = socket.url.host === new URL(MAIN_URL).host ? 'main' : 'resume';
    const hits = (where: 'main' | 'resume' | 'all' | undefined): boolean => where === 'all' || where === host;
    if (hits(weather.get('unreachable'))) return;
    const delayMs = socket.link.latencyMs() * 2 + (weather.get('slowConnect') ?? 0);
    if (hits(weather.get('refuse'))) {
      return clock.arrive(() => socket.refused('connect ECONNREFUSED'), clock.now() + delayMs);
    }
    clock.outside(() => this.gateway.accept(socket), delayMs);
  }

  deafen(socket: SimSocket): void {
    if (socket.link.isDeaf || socket.readyState === 3) return;
    socket.link.isDeaf = true;
    this.chronicle.tell('socket.deaf', { socket });
    // The other side notices too, some time.
    this.clock.outside(() => socket.connection?.drop(), this.setting.heartbeatIntervalMs * 3);
  }

  setWeather<Name extends WeatherName>(name: Name, value: WeatherValues[Name], forMs: number): void {
    this.weather.set(name, value, forMs);
    this.clock.outside(() => this.gateway.answerPending(), forMs);
  }

  /** Frees what is not memory. */
  close(): void {
    for (const connection of this.gateway.connections) connection.close(1001);
  }

  /** All that was wrong is over; what is half open stays so. */
  heal(): void {
    this.isHealed = true;
    this.weather.clear();
    for (const connection of this.gateway.connections) connection.swallowAcks = 0;
    this.gateway.endTraffic();
    this.guilds?.endTraffic();
    this.gateway.answerPending();
  }
}
