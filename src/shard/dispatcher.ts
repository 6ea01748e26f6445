/**
 * The end of a dispatch's way: the shard's own handler, then listeners by type, concurrent handlers, `dispatch`
 * listeners and streams, in this order.
 */
import type { GatewayReadyDispatchData } from 'discord-api-types/v10';
import type { DispatchProbe } from '../connection/dispatch-probe.ts';
import type { ShardEvent } from '../../machines/index.ts';
import type { DecodeHint, DecodePredictor } from '../decoding/decode-predictor.ts';
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { assertCallOptions } from '../protocol/call-options.ts';
import { assertDispatchName } from '../protocol/event-names.ts';
import { rateLimitOf } from '../protocol/lifecycle-packets.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { BufferBudget } from './buffer-budget.ts';
import { ConcurrentHandlers } from './concurrent-handlers.ts';
import type { HandlerItem } from './concurrent-handlers.ts';
import { lowerSequence } from './dispatch-fifo.ts';
import { Emitter } from './emitter.ts';
import type { GuildMemberRequests } from './guild-member-requests.ts';
import { isConcurrent } from './handler-options.ts';
import type { UntypedHandlerOptions } from './handler-options.ts';
import type { OnListenerError } from './listener-error.ts';
import type { ListenerWatch } from './listener-watch.ts';
import type { VoiceStates } from './voice-states.ts';
import { PullStream } from './pull-stream.ts';
import type { DispatchStreamOptions } from './pull-stream.ts';
import type { ShardEmitter } from './shard-emitter.ts';

type ByType = Record<string, [data: unknown, dispatch: Dispatch]>;

interface StreamItem {
  readonly dispatch: Dispatch;
  /** A slow consumer may still hold dispatches of a session that is over. */
  readonly sessionId: string | null;
}

/** The dispatches of one shard as an async iterable. A consumer that falls behind pauses the socket. */
export class DispatchStream extends PullStream<StreamItem, Dispatch> {
  push(dispatch: Dispatch, sessionId: string | null): void {
    if (this.wants(dispatch.t)) this.add({ dispatch, sessionId });
  }

  /** Returns the lowest sequence of a session that the consumer has not taken yet. */
  lowestSequenceOf(sessionId: string | null): number | null {
    return this.lowestSequence((item) => item.sessionId === sessionId);
  }

  /** Drops what waits of a session. */
  removeOf(sessionId: string | null): void {
    this.remove((item) => item.sessionId === sessionId);
  }

  protected override toValue({ dispatch }: StreamItem): Dispatch {
    return dispatch;
  }
}

/** The shard as this file sees it. `ShardRuntime` implements it. */
interface DispatchingShard {
  /** `events`: the only types that are delivered; `null` for all. */
  readonly options: { readonly events: ReadonlySet<string> | null };
  readonly emitter: ShardEmitter;
  readonly decodePredictor: DecodePredictor;
  /** `budget`: the bytes that wait in all streams. */
  readonly backPressure: { readonly budget: BufferBudget };
  readonly listenerWatch: ListenerWatch;
  readonly session: { recordUser(user: unknown): void };
  /** `null` without `maxDispatchSilenceMs`. */
  readonly dispatchProbe: DispatchProbe | null;
  /** `null` without `restoreVoiceStates`. */
  readonly voiceStates: VoiceStates | null;
  /** Called when {@link Dispatcher.isFull} may have changed. */
  updateBackPressure(): void;
  send(event: ShardEvent): void;
}

/** How the shard itself reacts to a dispatch, whatever the user listens to. */
interface ShardHandler {
  /** Whether the data will be read. With `none` the handler need not be called. */
  readonly hint: (dispatcher: Dispatcher) => DecodeHint;
  readonly handle: (dispatcher: Dispatcher, dispatch: Dispatch, replayed: number) => void;
}

const always = (): DecodeHint => 'certain';

/** Used until the first stream is opened: most shards have none. */
const NO_STREAMS: ReadonlySet<DispatchStream> = new Set<DispatchStream>();

export class Dispatcher {
  readonly #events: ReadonlySet<string> | null;
  readonly #emitter: ShardEmitter;
  readonly #byType: Emitter<ByType>;
  readonly #decodePredictor: DecodePredictor;
  readonly #budget: BufferBudget;
  readonly #shard: DispatchingShard;
  readonly #onListenerError: OnListenerError;
  readonly #listenerWatch: ListenerWatch;
  readonly #voiceStates: VoiceStates | null;
  /** The handler that was looked up last: each dispatch is asked for twice. */
  #lastName = '';
  #lastHandler: ShardHandler | null = null;
  #streams: Set<DispatchStream> | null = null;
  /** Created with the first concurrent handler: most shards have none, and their dispatches pay one comparison. */
  #handlers: ConcurrentHandlers<StreamItem & HandlerItem> | null = null;
  /** Created with the first request: few shards request members. */
  requests: GuildMemberRequests | null = null;

  /** What is read for each dispatch is kept here, one step nearer. */
  constructor(shard: DispatchingShard, onListenerError: OnListenerError) {
    this.#shard = shard;
    this.#events = shard.options.events;
    this.#emitter = shard.emitter;
    this.#decodePredictor = shard.decodePredictor;
    this.#budget = shard.backPressure.budget;
    this.#onListenerError = onListenerError;
    this.#listenerWatch = shard.listenerWatch;
    this.#voiceStates = shard.voiceStates;
    this.#byType = new Emitter(onListenerError, null);
  }

  /** Returns whether the data of a dispatch will be read. Call it once for each, or for one of `count` of them. */
  decodeHintFor(t: string, count: number): DecodeHint {
    // Data that is decoded for the shard itself, or for `raw` listeners, is decoded for all.
    if (this.#emitter.hasRaw) return 'certain';
    const ownHint = this.#ownHandlerOf(t)?.hint(this) ?? 'none';
    if (ownHint === 'certain') return ownHint;
    if (this.#events?.has(t) === false) return ownHint;
    if (this.#isHeardByType(t) || this.#handlers?.has(t) === true) return 'certain';
    if (!this.#emitter.hasDispatch && !this.#isStreamed(t)) return ownHint;
    return this.#decodePredictor.decodeHintFor(t, count);
  }

  /** Adds a listener for one type, or a concurrent handler. Returns the function that removes it. */
  on(type: string, listener: (data: never, dispatch: never) => unknown, options?: UntypedHandlerOptions): () => void {
    assertDispatchName(type);
    const typed = listener as (data: unknown, dispatch: Dispatch) => unknown;
    if (isConcurrent(options)) {
      this.#handlers ??= this.#createHandlers();
      return this.#handlers.add(type, listener, options);
    }
    this.#byType.on(type, typed);
    return () => this.#byType.off(type, typed);
  }

  stream(options?: DispatchStreamOptions): DispatchStream {
    assertCallOptions('dispatches()', options);
    const stream = new DispatchStream(
      {
        budget: this.#budget,
        onPressureChange: () => this.#shard.updateBackPressure(),
        onClosed: (closed) => this.#streams?.delete(closed as DispatchStream),
      },
      options,
    );
    if (options?.signal?.aborted !== true) (this.#streams ??= new Set()).add(stream);
    return stream;
  }

  deliver(received: LazyDispatch, sessionId: string | null, replayed: number): void {
    const dispatch = received as Dispatch;
    const own = this.#ownHandlerOf(dispatch.t);
    if (own !== null && dispatch.isRestored !== true) own.handle(this, dispatch, replayed);
    if (this.#events?.has(dispatch.t) === false) return;
    this.#listenerWatch.startDispatch(dispatch);
    if (this.#isHeardByType(dispatch.t)) this.#byType.emit(dispatch.t, dispatch.d, dispatch);
    if (this.#handlers?.has(dispatch.t) === true) this.#handlers.push({ dispatch, data: dispatch.d, sessionId });
    this.#emitter.emitDispatch(dispatch);
    if (this.#streams === null && this.#handlers === null) return;
    // A listener found that it can't be read, so the connection ends, and a resume repeats the dispatch for all.
    if (LazyDispatch.isCorrupt(received)) return;
    for (const stream of this.#streams ?? NO_STREAMS) stream.push(dispatch, sessionId);
    // The streams hold it all the same.
    if (this.#budget.isExceeded) this.#shard.send({ type: 'consumer.bufferFull' });
  }

  #ownHandlerOf(t: string): ShardHandler | null {
    if (t !== this.#lastName) {
      this.#lastName = t;
      this.#lastHandler = Dispatcher.#shardHandlers.get(t) ?? null;
    }
    return this.#lastHandler;
  }

  #isHeardByType(t: string): boolean {
    return !this.#byType.isEmpty && this.#byType.has(t);
  }

  static readonly #shardHandlers: ReadonlyMap<string, ShardHandler> = new Map<string, ShardHandler>([
    [
      'READY',
      {
        hint: always,
        handle: (dispatcher, { d }) => {
          dispatcher.#voiceStates?.restore(d);
          dispatcher.#emitter.emit('ready', d as GatewayReadyDispatchData);
        },
      },
    ],
    [
      'RESUMED',
      { hint: always, handle: (dispatcher, _, replayed) => dispatcher.#emitter.emit('resumed', { replayed }) },
    ],
    ['USER_UPDATE', { hint: always, handle: (dispatcher, { d }) => dispatcher.#shard.session.recordUser(d) }],
    [
      'VOICE_STATE_UPDATE',
      {
        // Its bytes say whether it is of the bot.
        hint: (dispatcher) => (dispatcher.#voiceStates?.isEmpty === false ? 'unlikely' : 'none'),
        handle: (dispatcher, dispatch) => {
          if (dispatcher.#voiceStates?.isEmpty === false) dispatcher.#voiceStates.onUpdate(dispatch);
        },
      },
    ],
    [
      'GUILD_MEMBERS_CHUNK',
      {
        // Without an open request the data is not read, and so not decoded.
        hint: ({ requests }) => (requests?.hasPending === true ? 'certain' : 'none'),
        handle: ({ requests }, dispatch) => {
          if (requests?.hasPending === true) requests.onChunk(dispatch.d);
        },
      },
    ],
    [
      'RATE_LIMITED',
      {
        hint: always,
        handle: (dispatcher, { d }) => {
          const limited = rateLimitOf(d);
          dispatcher.#emitter.emit('rateLimited', limited);
          dispatcher.#shard.dispatchProbe?.onRateLimited(limited);
          dispatcher.requests?.onRateLimited(limited);
        },
      },
    ],
  ]);

  /** Whether a stream or a handler is full, or much waits in all together, so that the socket should not be read. */
  get isFull(): boolean {
    if (this.#budget.isTight || this.#handlers?.isFull === true) return true;
    for (const { isFull } of this.#streams ?? NO_STREAMS) if (isFull) return true;
    return false;
  }

  /** Whether a stream is open, whose consumer is told when the shard fails. */
  get hasStreams(): boolean {
    return (this.#streams?.size ?? 0) > 0;
  }

  /** Returns the lowest sequence of a session that a stream or a handler still holds. */
  lowestSequenceOf(sessionId: string | null): number | null {
    if (this.#streams === null && this.#handlers === null) return null;
    let lowest = this.#handlers?.lowestSequence((item) => item.sessionId === sessionId) ?? null;
    for (const stream of this.#streams ?? NO_STREAMS)
      lowest = lowerSequence(lowest, stream.lowestSequenceOf(sessionId));
    return lowest;
  }

  /** Drops what streams and handlers still hold of a session: another process delivers it. */
  drop(sessionId: string | null): void {
    this.#handlers?.remove((item) => item.sessionId === sessionId);
    for (const stream of this.#streams ?? NO_STREAMS) stream.removeOf(sessionId);
  }

  /** Starts no call of a concurrent handler until {@link resumeHandlers}. */
  holdHandlers(): void {
    this.#handlers?.hold();
  }

  resumeHandlers(): void {
    this.#handlers?.resume();
  }

  /** Ends all streams after the dispatches they hold; with `error` if the shard has failed. */
  finish(error: GatewayError | null): void {
    for (const stream of this.#streams ?? NO_STREAMS) stream.finish(error);
  }

  #createHandlers(): ConcurrentHandlers<StreamItem & HandlerItem> {
    return new ConcurrentHandlers({
      budget: this.#budget,
      onPressureChange: () => this.#shard.updateBackPressure(),
      onListenerError: this.#onListenerError,
      listenerWatch: this.#listenerWatch,
      restOf: () => [],
      shardKeyOf: () => 'shard',
    });
  }

  #isStreamed(t: string): boolean {
    for (const stream of this.#streams ?? NO_STREAMS) if (stream.wants(t)) return true;
    return false;
  }
}
