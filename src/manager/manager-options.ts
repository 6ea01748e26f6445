/** The options of a manager: their declaration, defaults and validation. */
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PublishOptions } from '../cluster/node/publish-options.ts';
import type { Engine } from '../cluster/ports/engine.ts';
import { createDirectFetch } from '../http/proxy/direct-fetch.ts';
import { withoutTrailingSlashes } from '../protocol/gateway-url.ts';
import { assertOption, describeValue, isCount, isPositiveInteger, isTimeout } from '../protocol/validation.ts';
import { resolveAllowedHosts } from '../protocol/trusted-url.ts';
import { MemorySessionStore } from '../session/memory-session-store.ts';
import { observersOf } from '../shard/inspected-shard.ts';
import { resolveOptions } from '../shard/shard-options.ts';
import type { ShardOptions } from '../shard/shard-options.ts';
import { resolveClusterOptions } from './cluster/cluster-options.ts';
import type { RebalanceOptions } from './cluster/cluster-options.ts';
import type { ManagerInspectionObserver } from './inspected-manager.ts';
import { assertThreadable } from './workers/main/thread-options.ts';

/** The shards that one of several processes runs. */
export interface ShardSelection {
  /** The shard count of the whole bot. */
  readonly total: number;
  /** The ids of the shards that this manager runs, from 0 to `total - 1`. */
  readonly ids: readonly number[];
}

/**
 * The options of a `ShardManager`: most options of a `Shard`, which then hold for all shards, and some of the manager.
 * Most bots need only `token` and `intents`.
 */
export interface ManagerOptions extends Omit<ShardOptions, 'shardId' | 'shardCount' | 'url' | 'session' | 'inspect'> {
  /**
   * An observer of the state machines, or several, such as the `inspect` of `createInspector()` or a `FlightRecorder`. An
   * observer with the method `attachManager` is given the manager and finds the shards there. Any other observer sees each
   * shard; with `workers` it is refused.
   * @defaultValue no observer
   */
  inspect?: ManagerInspectionObserver | readonly ManagerInspectionObserver[];
  /**
   * The shards to run: `'auto'` for as many as Discord recommends, a number for that many, or `{ total, ids }` for some
   * of them. Set a number to decide yourself when the shard count changes: sessions can't be resumed with another
   * count. Use `{ total, ids }` when several processes share the shards of one bot, and give all of them one
   * `identifyGate`: IDENTIFYs of different processes that come within 5 s cost a session start each.
   * @defaultValue `'auto'`
   * @see https://discord.com/developers/docs/events/gateway#sharding
   */
  shards?: 'auto' | number | ShardSelection;
  /**
   * The base URL of Discord's REST API, for `GET {api}/gateway/bot`. Change it to use a REST proxy, or a fake gateway
   * in tests.
   * @defaultValue `'https://discord.com/api/v10'`
   * @see https://discord.com/developers/docs/events/gateway#get-gateway-bot
   */
  api?: string;
  /**
   * The function that calls `GET /gateway/bot`; the manager makes no other request. Set it to answer the request in
   * tests, or to send it in a way of your own.
   * @defaultValue `fetch` of Node, or a request through the `proxy`
   */
  fetch?: typeof fetch;
  /**
   * The number of daily session starts that the manager never uses. Set it to at least your shard count, so that you
   * can still restart the bot by hand on a day on which its budget is spent.
   * @defaultValue `0`
   * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
   */
  sessionStartReserve?: number;
  /**
   * The number of worker threads that run the shards; with `0` the shards run in the thread of the manager. Set it when
   * your own code keeps a CPU core busy, so that heartbeats are not late. Not together with `agent`, `createSocket`,
   * `rewriteUrl`, `clock` or `random`; with `inspect` only if the observer has `attachManager`. See `docs/manager.md`.
   * @defaultValue `0`
   */
  workers?: number;
  /**
   * How long a worker thread may take to answer before it is replaced, in ms. Raise it if the machine is so busy that
   * `WORKER_FAILED` faults occur without a reason.
   * @defaultValue `10_000`
   */
  workerTimeoutMs?: number;
  /**
   * The file that worker threads run, as a `file:` URL or an absolute path. Set it in a bundle whose bundler does not
   * find the file: bundle `shardwright/thread` as a second file and name it here. See `docs/guides/bundling.md`.
   * @defaultValue the file in this package
   */
  threadUrl?: URL | string;
  /**
   * What the nodes of a cluster share: `redisEngine()`, or `memoryEngine()` for several managers in one process. Set it to
   * run one bot in several processes that share its shards, and hand them over by RESUME. `shards` is then the shard
   * count of the whole bot. The first node decides it, and the others take it. Not together with `sessionStore` and
   * `identifyGate`: the engine has both.
   * @defaultValue no engine
   */
  engine?: Engine;
  /**
   * The name of this node, in events and in `status()`. Set it to recognize a node: the name of its pod, for example. Two
   * nodes may have the same name.
   * @defaultValue the host name, the process id and a random part
   */
  node?: string;
  /**
   * Whether this node appends dispatches to the streams of the engine, for every `DispatchConsumer`. With an object, which
   * ones, and how much the streams keep. Set it on all nodes of a bot, if your bot runs in other processes than its nodes.
   * @defaultValue `false`
   */
  publish?: boolean | PublishOptions;
  /**
   * How fast shards move to a node that has joined: `{ maxMovesPerSecond }`, `4` by default. Raise it if a new node should
   * get its share sooner; each move is a RESUME. The shards of a node that stops move at once.
   * @defaultValue `{ maxMovesPerSecond: 4 }`
   */
  rebalance?: RebalanceOptions;
}

/** The options with all defaults filled in. */
export type ResolvedManagerOptions = ReturnType<typeof resolveManagerOptions>;

/** No machine has use for more threads, so a larger number is a mistake. */
const MAX_WORKERS = 1_024;

/** Returns whether paths can be added to `url`. */
const isHttpUrl = (url: unknown): boolean =>
  typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && !/[?#]/.test(url);

/** @throws {@link GatewayError} `INVALID_OPTIONS` if it is not a shard count. */
export function assertShardCount(total: number): void {
  assertOption(isPositiveInteger(total), `the shard count must be a positive integer, not ${describeValue(total)}`);
}

function resolveShards(
  shards: 'auto' | number | ShardSelection,
): 'auto' | { total: number; ids: readonly number[] | null } {
  if (shards === 'auto') return shards;
  if (typeof shards === 'number') {
    assertShardCount(shards);
    return { total: shards, ids: null };
  }
  assertOption(
    typeof shards === 'object' && shards !== null && Array.isArray(shards.ids),
    'shards must be "auto", a number, or { total, ids }',
  );
  const { total, ids } = shards;
  assertShardCount(total);
  assertOption(ids.length > 0 && new Set(ids).size === ids.length, 'shards.ids must list one or more different ids');
  assertOption(
    ids.every((id) => isCount(id) && id < total),
    'shards.ids must be integers from 0 to total - 1',
  );
  return { total, ids: ids.toSorted((a, b) => a - b) };
}

function parseThreadUrl(threadUrl: unknown): URL | null {
  if (threadUrl instanceof URL) return threadUrl;
  if (typeof threadUrl !== 'string') return null;
  return isAbsolute(threadUrl) ? pathToFileURL(threadUrl) : URL.parse(threadUrl);
}

function resolveThreadUrl(threadUrl: unknown): URL | null {
  if (threadUrl === undefined) return null;
  const url = parseThreadUrl(threadUrl);
  assertOption(url?.protocol === 'file:', 'threadUrl must be a file: URL or an absolute path');
  return url;
}

/** @throws {@link GatewayError} `INVALID_OPTIONS`; the message names the option. */
export function resolveManagerOptions(options: ManagerOptions) {
  assertOption(
    typeof options === 'object' && options !== null,
    'options must be an object with at least token and intents',
  );
  const { shards = 'auto', api = 'https://discord.com/api/v10', token, ...rest } = options;
  const { fetch: ownFetch, sessionStartReserve: reserve = 0, workers = 0, workerTimeoutMs = 10_000, ...others } = rest;
  const { threadUrl, engine, node, publish, rebalance, ...own } = others;
  assertOption(isCount(workers) && workers <= MAX_WORKERS, `workers must be an integer from 0 to ${MAX_WORKERS}`);
  // An observer with `attachManager` stays in this thread, where the manager is.
  const { inspect, ...withoutInspect } = own;
  // Validates the options that all shards share, and hides the token.
  const { allowedHosts: hosts, ...checked } = own;
  // The store of the engine takes its place. It keeps snapshots too.
  const engineStore = engine === undefined ? {} : { sessionStore: new MemorySessionStore() };
  const resolved = resolveOptions({ ...checked, ...engineStore, token });
  const guarded = { sessionStore: own.sessionStore, identifyGate: own.identifyGate };
  const cluster = resolveClusterOptions({ engine, node, publish, rebalance, ...guarded }, resolved.clock);
  const clock = cluster?.clock ?? resolved.clock;
  const shared = cluster === null || workers > 0 ? own : { ...own, clock };
  const observers = observersOf(inspect);
  const isThreadable = observers.every(({ attachManager }) => attachManager !== undefined);
  if (workers > 0) assertThreadable(isThreadable ? withoutInspect : { ...own });
  // The URL comes from Discord's answer, so there is none to compare with yet.
  const allowedHosts = resolveAllowedHosts(hosts);
  assertOption(isHttpUrl(api), 'api must be an http:// or https:// URL without a query and a fragment');
  assertOption(ownFetch === undefined || typeof ownFetch === 'function', 'fetch must be a function');
  const proxyOfApi = resolved.selectProxy?.(new URL(api))?.host ?? null;
  assertOption(isCount(reserve), 'sessionStartReserve must be an integer, 0 or more');
  assertOption(isTimeout(workerTimeoutMs), 'workerTimeoutMs must be a positive number');
  return {
    ...resolved,
    clock,
    /** `null` without `engine`. */
    cluster,
    allowedHosts,
    workers,
    workerTimeoutMs,
    threadUrl: resolveThreadUrl(threadUrl),
    shards: resolveShards(shards),
    api: withoutTrailingSlashes(api),
    // The `fetch` of Node can't use our proxy, and may use one that the user does not want.
    fetch:
      ownFetch ?? (proxyOfApi === null && shared.proxy !== false ? fetch : createDirectFetch(resolved.selectProxy)),
    /** The host and port of the proxy for requests of our own; `null` without one. */
    proxyOfApi: ownFetch === undefined ? proxyOfApi : null,
    reserve,
    observers,
    /** The user's identify gate; `null` if the manager is to create one from what Discord answers. */
    customGate: shared.identifyGate ?? null,
    shared: shared satisfies Omit<ShardOptions, 'token'>,
  };
}
