/** The options of a manager that is a node of a cluster: their defaults and validation. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../../clock.ts';
import type { PublishOptions, ResolvedPublish } from '../../cluster/node/publish-options.ts';
import type { Engine } from '../../cluster/ports/engine.ts';
import { assertEventNames } from '../../protocol/event-names.ts';
import { assertOption, isObject, isPositiveInteger, isTimeout } from '../../protocol/validation.ts';
import { GuardedClock } from './guarded-clock.ts';

/** How fast shards move between the nodes of a cluster. */
export interface RebalanceOptions {
  /**
   * How many shards may move per second, over all nodes. Raise it if a new node should get its share sooner; each move is
   * a RESUME. The shards of a node that stops move at once.
   * @defaultValue `4`
   */
  maxMovesPerSecond?: number;
}

export interface ResolvedClusterOptions {
  readonly engine: Engine;
  readonly node: string;
  /** `null` if nothing is published. */
  readonly publish: ResolvedPublish | null;
  readonly maxMovesPerSecond: number;
  readonly clock: GuardedClock;
}

/** The options of a manager that concern its cluster. */
interface ClusterOptions {
  readonly engine: Engine | undefined;
  readonly node: string | undefined;
  readonly publish: boolean | PublishOptions | undefined;
  readonly rebalance: RebalanceOptions | undefined;
  readonly sessionStore: unknown;
  readonly identifyGate: unknown;
}

const MAX_NAME_LENGTH = 128;

const defaultName = (): string => `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;

const isEngine = (engine: unknown): boolean =>
  isObject(engine) &&
  typeof engine['open'] === 'function' &&
  typeof engine['kind'] === 'string' &&
  isTimeout(engine['leaseTtlMs']);

const isName = (name: unknown): boolean =>
  typeof name === 'string' && name.length > 0 && name.length <= MAX_NAME_LENGTH && /^[\x21-\x7e]+$/.test(name);

function resolvePublish(publish: boolean | PublishOptions): ResolvedPublish | null {
  if (publish === false) return null;
  const options = publish === true ? {} : publish;
  assertOption(isObject(options), 'publish must be true, false, or { events, maxLength, maxAgeMs }');
  const { events, maxLength = 100_000, maxAgeMs = 3_600_000 } = options;
  if (events !== undefined) assertEventNames('publish.events', events);
  assertOption(isPositiveInteger(maxLength), 'publish.maxLength must be a positive integer');
  assertOption(isTimeout(maxAgeMs), 'publish.maxAgeMs must be a positive number');
  return { events: events === undefined ? null : new Set(events), bounds: { maxLength, maxAgeMs } };
}

/** @throws {@link GatewayError} `INVALID_OPTIONS`; the message names the option. */
export function resolveClusterOptions(options: ClusterOptions, clock: Clock): ResolvedClusterOptions | null {
  const { engine, node = defaultName(), publish = false, rebalance = {} } = options;
  if (engine === undefined) {
    for (const name of ['node', 'publish', 'rebalance'] as const)
      assertOption(options[name] === undefined, `${name} is an option of a cluster: it needs the option engine`);
    return null;
  }
  assertOption(
    isEngine(engine),
    'engine must be the result of redisEngine(), memoryEngine(), or an Engine of your own',
  );
  assertOption(
    options.sessionStore === undefined,
    'with engine, sessionStore must not be set: the engine keeps the sessions',
  );
  assertOption(
    options.identifyGate === undefined,
    'with engine, identifyGate must not be set: the nodes share the gate of the engine',
  );
  assertOption(isName(node), `node must be 1 to ${MAX_NAME_LENGTH} printable ASCII characters without spaces`);
  assertOption(isObject(rebalance), 'rebalance must be { maxMovesPerSecond }');
  const { maxMovesPerSecond = 4 } = rebalance;
  assertOption(isTimeout(maxMovesPerSecond), 'rebalance.maxMovesPerSecond must be a positive number');
  return { engine, node, publish: resolvePublish(publish), maxMovesPerSecond, clock: new GuardedClock(clock) };
}
