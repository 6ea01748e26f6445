/**
 * Why a shard has failed. Its calls and streams end with the failure before your listeners hear of it: one that stops
 * the shard would hide it.
 */
import { failureOf } from '../../machines/index.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { Dispatcher } from './dispatcher.ts';
import { failureError } from './lifecycle-errors.ts';
import type { ShardActor } from './shard-actor.ts';
import type { ShardEmitter } from './shard-emitter.ts';
import type { ResolvedOptions } from './shard-options.ts';
import { reportUnheardFailure } from './unheard-failure.ts';
import type { WaitList } from './wait-list.ts';

/** The shard as this file sees it. `ShardRuntime` implements it. */
interface FailingShard {
  readonly actor: ShardActor;
  readonly dispatcher: Dispatcher;
  readonly emitter: ShardEmitter;
  readonly options: ResolvedOptions;
  readonly readyWaiters: WaitList;
  rejectWaiters(error: GatewayError): void;
}

function errorOf(actor: ShardActor): GatewayError {
  const { status, error: cause, context } = actor.getSnapshot();
  return status === 'error'
    ? new GatewayError('INTERNAL_ERROR', 'the state machine stopped', { cause })
    : failureError(failureOf(context));
}

export class ShardFailure {
  readonly #shard: FailingShard;
  #error: GatewayError | null = null;
  /** Whether a call or a stream has ended with the error. */
  #isAwaited = false;

  constructor(shard: FailingShard) {
    this.#shard = shard;
  }

  /** The last failure; `null` if the shard has never failed. */
  get error(): GatewayError | null {
    return this.#error;
  }

  /** Ends all calls and streams. */
  settle(): void {
    const { actor, dispatcher, readyWaiters } = this.#shard;
    const error = errorOf(actor);
    this.#error = error;
    this.#isAwaited = readyWaiters.size > 0 || dispatcher.hasStreams;
    this.#shard.rejectWaiters(error);
    dispatcher.finish(error);
  }

  /** Logs the failure and emits `failed`. */
  report(): void {
    const error = this.#error;
    if (error === null) return;
    const {
      emitter,
      options: { logger, shardId },
    } = this.#shard;
    const who = `shard ${shardId}`;
    logger.error(`${who}: ${error.code}: ${error.message}`);
    reportUnheardFailure(error, { who, hasListener: emitter.has('failed'), isAwaited: this.#isAwaited, logger });
    emitter.emit('failed', error);
  }
}
