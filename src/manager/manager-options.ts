/** What a manager can be told, and the check of it. */
import { assertOption, isCount, isPositiveInteger, isTimeout } from '../protocol/validation.ts';
import type { ManagerInspectionObserver } from './inspected-manager.ts';
import { resolveOptions } from '../shard/shard-options.ts';
import type { ShardOptions } from '../shard/shard-options.ts';
import { assertThreadable } from './workers/main/thread-options.ts';

/** Which shards a manager runs. */
export interface ShardSelection {
  /** The shard count of the whole bot. */
  readonly total: number;
  /** Those that are run here. */
  readonly ids: readonly number[];
}

export interface ManagerOptions extends Omit<ShardOptions, 'shardId' | 'shardCount' | 'url' | 'session' | 'inspect'> {
  /** As a shard's; one that has `attachManager`, as that of `createInspector()`, is shown the manager with its shards. */
  inspect?: ManagerInspectionObserver;
  /** Default `auto`: as many as Discord recommends. A number is the shard count of the bot, all of them run here. */
  shards?: 'auto' | number | ShardSelection;
  /** Base of the REST API, for `GET {api}/gateway/bot`. Default `https://discord.com/api/v10`. */
  api?: string;
  /** Default Node's. Called for `GET /gateway/bot` alone. */
  fetch?: typeof fetch;
  /** Session starts of a day that are never used, so that a restart by hand stays possible. Default 0. */
  sessionStartReserve?: number;
  /**
   * Threads for the shards. Default 0: they share the one of the manager. With threads `agent`, `createSocket`,
   * `rewriteUrl`, `clock` and `random` can't be given, and `inspect` only with `attachManager`; docs/manager.md says when they pay.
   */
  workers?: number;
  /** How long a thread may not answer before it is replaced, in ms. Default 10 000. */
  workerTimeoutMs?: number;
}

/** The options with everything decided. */
export type ResolvedManagerOptions = ReturnType<typeof resolveManagerOptions>;

/** More threads than any machine has cores for are a mistake. */
const MAX_WORKERS = 1_024;

/** A shard count, checked. @throws {@link GatewayError} `INVALID_OPTIONS`. */
export function checkedTotal(total: number): number {
  assertOption(isPositiveInteger(total), `a shard count is a positive integer, not ${String(total)}`);
  return total;
}

function resolveShards(
  shards: 'auto' | number | ShardSelection,
): 'auto' | { total: number; ids: readonly number[] | null } {
  if (shards === 'auto') return shards;
  if (typeof shards === 'number') return { total: checkedTotal(shards), ids: null };
  assertOption(
    typeof shards === 'object' && shards !== null && Array.isArray(shards.ids),
    'shards must be "auto", a number, or { total, ids }',
  );
  const { total, ids } = shards;
  checkedTotal(total);
  assertOption(ids.length > 0 && new Set(ids).size === ids.length, 'shards.ids must be a list of different ids, one or more');
  assertOption(
    ids.every((id) => isCount(id) && id < total),
    'shards.ids must be integers from 0 to total - 1',
  );
  return { total, ids: ids.toSorted((a, b) => a - b) };
}

/** @throws {@link GatewayError} `INVALID_OPTIONS`, naming what is wrong. */
export function resolveManagerOptions(options: ManagerOptions) {
  assertOption(typeof options === 'object' && options !== null, 'options must be an object with at least token and intents');
  const {
    shards = 'auto',
    api = 'https://discord.com/api/v10',
    fetch: fetchFunction = fetch,
    token,
    ...rest
  } = options;
  const { sessionStartReserve: reserve = 0, workers = 0, workerTimeoutMs = 10_000, ...shared } = rest;
  assertOption(
    isCount(workers) && workers <= MAX_WORKERS,
    `workers must be an integer from 0 to ${MAX_WORKERS}`,
  );
  // An observer that knows managers is shown the manager, which is here.
  const { inspect, ...withoutInspect } = shared;
  if (workers > 0) assertThreadable(inspect?.attachManager === undefined ? { ...shared } : withoutInspect);
  // Checks what all shards share, and holds the token.
  const resolved = resolveOptions({ ...shared, token });
  assertOption(URL.canParse(api) && /^https?:$/.test(new URL(api).protocol), 'api must be an http:// or https:// URL');
  assertOption(typeof fetchFunction === 'function', 'fetch must be a function');
  assertOption(isCount(reserve), 'sessionStartReserve must be an integer, 0 or more');
  assertOption(isTimeout(workerTimeoutMs), 'workerTimeoutMs must be a positive number');
  return {
    ...resolved,
    workers,
    workerTimeoutMs,
    shards: resolveShards(shards),
    api: api.replace(/\/+$/, ''),
    fetch: fetchFunction,
    reserve,
    /** Whether the gate was given. If not, the manager makes one of what Discord says. */
    customGate: shared.identifyGate ?? null,
    shared: shared satisfies Omit<ShardOptions, 'token'>,
  };
}
