/** The options of a consumer: their declaration, defaults and validation. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '../../clock.ts';
import type { Clock } from '../../clock.ts';
import { assertEventNames } from '../../protocol/event-names.ts';
import type { AnyEventName } from '../../protocol/packets.ts';
import { assertOption, isObject, isPositiveInteger, isTimeout } from '../../protocol/validation.ts';
import { safeLogger, silentLogger } from '../../shard/logger.ts';
import type { Logger } from '../../shard/logger.ts';
import type { Engine } from '../ports/engine.ts';

/** The options of a `DispatchConsumer`. Most consumers need only `engine` and `group`. */
export interface DispatchConsumerOptions {
  /** The engine into which the nodes publish, with the same app name. */
  engine: Engine;
  /**
   * The name of the group, of letters, digits, `_` and `-`. Each group gets every dispatch; the consumers of one group
   * share them. Give one name to all processes that do the same work.
   */
  group: string;
  /**
   * The name of this consumer, for people. Two consumers may have the same.
   * @defaultValue the host name, the process id and a random part
   */
  consumer?: string;
  /**
   * The only dispatches to deliver. All others are acknowledged unread. Set it if the nodes publish more than this group
   * needs.
   * @defaultValue all events
   */
  events?: readonly AnyEventName[];
  /**
   * Where a group begins that the engine has never known: at the `'end'` of the streams, or at the `'start'` of what is
   * kept there. For half of `leaseTtlMs` after the engine was empty it is the start: it may have forgotten the group.
   * @defaultValue `'end'`
   */
  from?: 'end' | 'start';
  /**
   * Whether READY and the guilds of a shard are delivered first when this consumer gets the shard, with `isRestored`. Set
   * it if the bot keeps guilds in memory. The nodes need the option `warmStart` too.
   * @defaultValue `false`
   */
  warmStart?: boolean;
  /**
   * The number of handlers that may run at once. Those of one guild run one after the other. Raise it for handlers that
   * wait for the REST API or a database.
   * @defaultValue `64`
   */
  concurrency?: number;
  /**
   * How often a dispatch is delivered before it becomes a dead letter. Raise it if what your handlers call is often away.
   * @defaultValue `5`
   */
  maxDeliveries?: number;
  /**
   * About how many dead letters the group keeps. Of more the oldest are removed, and the fault `DISPATCHES_TRIMMED` has their
   * number. Raise it if it takes you long to look at them.
   * @defaultValue `10_000`
   */
  maxDeadLetters?: number;
  /**
   * How long a handler may take, in ms. Then the attempt counts as failed, and the dispatch is delivered again while the
   * handler may still run. Raise it above the longest time that a handler needs.
   * @defaultValue `30_000`
   */
  claimAfterMs?: number;
  /**
   * Receives log messages. `console` is one.
   * @defaultValue logs nothing
   */
  logger?: Logger;
  /**
   * The source of time. Replace it in tests.
   * @defaultValue `systemClock`
   */
  clock?: Clock;
}

export type ResolvedConsumerOptions = ReturnType<typeof resolveConsumerOptions>;

/** @throws {@link GatewayError} `INVALID_OPTIONS`; the message names the option. */
export function resolveConsumerOptions(options: DispatchConsumerOptions) {
  assertOption(isObject(options), 'options must be an object with at least engine and group');
  const { engine, group, consumer, events, from = 'end', warmStart = false, ...limits } = options;
  const { concurrency = 64, maxDeliveries = 5, maxDeadLetters = 10_000, claimAfterMs = 30_000 } = limits;
  const { logger, clock = systemClock } = limits;
  assertOption(
    isObject(engine) && typeof engine.open === 'function' && isTimeout(engine.leaseTtlMs),
    'engine must be an engine, such as redisEngine() returns',
  );
  assertOption(
    typeof group === 'string' && /^[\w-]{1,64}$/.test(group),
    'group must be 1 to 64 letters, digits, _ or -',
  );
  assertOption(
    consumer === undefined || (typeof consumer === 'string' && consumer !== '' && consumer.length <= 256),
    'consumer must be a string of 1 to 256 characters',
  );
  if (events !== undefined) assertEventNames('events', events);
  assertOption(from === 'end' || from === 'start', "from must be 'end' or 'start'");
  assertOption(typeof warmStart === 'boolean', 'warmStart must be true or false');
  assertOption(isPositiveInteger(concurrency), 'concurrency must be a positive integer');
  assertOption(isPositiveInteger(maxDeliveries), 'maxDeliveries must be a positive integer');
  assertOption(isPositiveInteger(maxDeadLetters), 'maxDeadLetters must be a positive integer');
  assertOption(isTimeout(claimAfterMs), 'claimAfterMs must be a positive number of ms');
  const id = randomUUID();
  return {
    engine,
    group,
    consumer: consumer ?? `${hostname()}-${process.pid}-${id.slice(0, 8)}`,
    events: events === undefined ? null : new Set<string>(events),
    from,
    warmStart,
    concurrency,
    maxDeliveries,
    maxDeadLetters,
    claimAfterMs,
    logger: logger === undefined ? silentLogger : safeLogger(logger),
    clock,
  };
}
