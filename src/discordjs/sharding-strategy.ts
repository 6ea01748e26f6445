/**
 * Lets a `Client` of discord.js 14 run on shardwright: the strategy with which `@discordjs/ws` spawns, connects and
 * destroys shards, on a manager.
 */
import type { GatewaySendPayload } from 'discord-api-types/v10';
import type { ShardState } from '../../machines/index.ts';
import { endsSession } from '../../machines/index.ts';
import { systemClock } from '../clock.ts';
import type { ManagerOptions } from '../manager/manager-options.ts';
import type { ShardManager } from '../manager/shard-manager.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { SendPayload } from '../protocol/packets.ts';
import { silentLogger } from '../shard/logger.ts';
import { assertStrategyOptions, managerOptionsOf, shardsOf } from './client-options.ts';
import type { ShardingStrategyOptions } from './client-options.ts';
import { ClientShardManager } from './client-shard-manager.ts';
import { WsEventSource } from './ws-events.ts';
import type { WsManagerLike } from './ws-manager.ts';

/** The argument of `destroy()` of `@discordjs/ws`. */
export interface DestroyOptions {
  code?: number;
  reason?: string;
}

/**
 * What `@discordjs/ws` calls a strategy, and the manager that does the work. `Statuses` is the Collection of
 * discord.js that `fetchStatus()` returns.
 */
export interface ShardwrightStrategy<Statuses = unknown> {
  /**
   * The manager that runs the shards: its `status()`, its events, `shards`, and everything else. Its `reshard()` rejects
   * with `RESHARD_REFUSED`. `updateShardCount()` of `@discordjs/ws` replaces it if it has explicit shard ids.
   * @throws {@link GatewayError} `INVALID_OPTIONS`, naming the option
   */
  readonly manager: ShardManager;
  /** Prepares the manager for the shards that discord.js names. Rejects with `INVALID_OPTIONS`. */
  spawn(shardIds: readonly number[]): Promise<void>;
  /** Connects the manager, as `ShardManager.connect()` does. */
  connect(): Promise<void>;
  /** Disconnects the manager. Does nothing before the first `connect()`. */
  destroy(options?: DestroyOptions): Promise<void>;
  /** Sends a payload on one shard, as `ShardManager.send()` does. discord.js may ignore the promise. */
  send(shardId: number, payload: GatewaySendPayload): Promise<void>;
  /** Returns the status of each shard as a number of `WebSocketShardStatus`. */
  fetchStatus(): Promise<Statuses>;
}

/** The numbers of `WebSocketShardStatus` in `@discordjs/ws`: 0 idle, 1 connecting, 2 resuming, 3 ready. */
const STATUS_BY_STATE: Readonly<Record<ShardState, number>> = {
  disconnected: 0,
  connecting: 1,
  identifying: 1,
  resuming: 2,
  ready: 3,
  zombie: 1,
  reconnecting: 1,
  disconnecting: 0,
  failed: 0,
};

/** A manager, and what belongs to it. */
interface Running {
  readonly manager: ShardManager;
  readonly events: WsEventSource;
  /** The shard count that it is made for; `null` for whatever discord.js counts. */
  readonly total: number | null;
}

class ManagerStrategy<Statuses> implements ShardwrightStrategy<Statuses> {
  readonly #ws: WsManagerLike<Statuses>;
  readonly #options: Partial<ManagerOptions>;
  readonly #keepSession: boolean;
  #running: Running | null = null;
  /** Until then a failure rejects `login()`. */
  #hasLoggedIn = false;

  constructor(ws: WsManagerLike<Statuses>, { keepSession, ...options }: ShardingStrategyOptions) {
    this.#ws = ws;
    this.#options = options;
    this.#keepSession = keepSession ?? options.sessionStore !== undefined;
  }

  get manager(): ShardManager {
    return this.#ensureRunning().manager;
  }

  async spawn(): Promise<void> {
    const { total } = this.#ensureRunning();
    // discord.js has destroyed the shards before it spawns others.
    if (total !== null && total !== (await this.#ws.getShardCount())) this.#running = this.#createRunning();
  }

  async connect(): Promise<void> {
    this.#hasLoggedIn = false;
    await this.manager.connect();
    this.#hasLoggedIn = true;
  }

  async destroy({ code, reason }: DestroyOptions = {}): Promise<void> {
    // discord.js calls this before the first spawn() too.
    if (this.#running === null) return;
    const keepSession = this.#keepSession;
    // The Client names 1000, which ends a session.
    const isCodeUsed = code !== undefined && endsSession(code) !== keepSession;
    await this.#running.manager.disconnect({
      session: keepSession ? 'keep' : 'discard',
      ...(isCodeUsed ? { code } : {}),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /** Not async: an async function would return another promise than the manager, and its rejection ends the process. */
  send(shardId: number, payload: GatewaySendPayload): Promise<void> {
    const { manager, events } = this.#ensureRunning();
    const sent = manager.send(shardId, payload as SendPayload);
    sent.catch((error: GatewayError) => events.reportUnsent(error, shardId));
    return sent;
  }

  async fetchStatus(): Promise<Statuses> {
    const statuses = this.#createCollection();
    for (const [shardId, { state }] of this.manager.shards) statuses.set(shardId, STATUS_BY_STATE[state]);
    return statuses as Statuses;
  }

  /** Returns an empty Collection of discord.js. Its REST has one; a replacement of it may have none. */
  #createCollection(): Map<number, number> {
    const copy = this.#ws.options.rest.handlers?.clone();
    if (!(copy instanceof Map)) return new Map();
    copy.clear();
    return copy as Map<number, number>;
  }

  #ensureRunning(): Running {
    this.#running ??= this.#createRunning();
    return this.#running;
  }

  #createRunning(): Running {
    const { clock = systemClock, logger = silentLogger } = this.#options;
    const { options } = this.#ws;
    const manager = new ClientShardManager(managerOptionsOf(this.#ws, this.#options));
    const isLoggingIn = (): boolean => !this.#hasLoggedIn;
    const events = new WsEventSource({ ws: this.#ws, manager, clock, logger, isLoggingIn });
    const shards = shardsOf(options);
    return { manager, events, total: shards === 'auto' ? null : shards.total };
  }
}

/** Creates the strategy for a WebSocketManager. The `Client` of discord.js calls it at `login()`. */
export type BuildShardwrightStrategy = <Statuses>(ws: WsManagerLike<Statuses>) => ShardwrightStrategy<Statuses>;

/**
 * Returns the option `ws.buildStrategy` of a `Client` of discord.js 14, or of a framework on it. The bot then runs on a
 * `ShardManager`, and nothing else of it changes. Token, intents, shards, presence, API version, large threshold,
 * session hooks and a given identify throttler come from the `Client`; everything else is an option here.
 *
 * `client.login()` resolves when all shards are ready, and rejects with the `GatewayError` of a shard that failed.
 * Faults are emitted as `shardError`. Errors that listeners of the `Client` throw are unhandled rejections, as with
 * `@discordjs/ws`.
 *
 * @example
 * ```ts
 * const client = new Client({ intents: ['Guilds'], ws: { buildStrategy: shardingStrategy() } });
 * ```
 * @example The strategy, for its manager
 * ```ts
 * let strategy: ShardwrightStrategy | undefined;
 * const buildStrategy = shardingStrategy({ workers: 2 });
 * const client = new Client({ intents, ws: { buildStrategy: (ws) => (strategy = buildStrategy(ws)) } });
 * await client.login();
 * console.log(strategy.manager.status());
 * ```
 * @throws {@link GatewayError} `INVALID_OPTIONS` for an option that the `Client` has too
 * @see https://discord.js.org/docs/packages/discord.js/14.28.1/WebsocketOptions:Interface
 */
export function shardingStrategy(options: ShardingStrategyOptions = {}): BuildShardwrightStrategy {
  assertStrategyOptions(options);
  return (ws) => new ManagerStrategy(ws, options);
}
