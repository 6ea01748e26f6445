/**
 * What the manager's thread knows of a shard in a worker thread, and its events. Messages arrive in the order in which
 * things happened in the thread, so a listener finds the shard in the state that belongs to its event.
 */
import type { ShardState, ShardTiming } from '../../../../machines/index.ts';
import type { Clock } from '../../../clock.ts';
import type { LazyDispatch } from '../../../decoding/lazy-dispatch.ts';
import { GatewayError } from '../../../protocol/errors.ts';
import { handlerByKind } from '../../../protocol/handler-table.ts';
import type { Dispatch } from '../../../protocol/packets.ts';
import type { Session } from '../../../session/session.ts';
import type { SessionStore } from '../../../session/session-store.ts';
import { listenerErrorReporter } from '../../../shard/listener-error.ts';
import { ListenerWatch } from '../../../shard/listener-watch.ts';
import type { Logger } from '../../../shard/logger.ts';
import { ShardEmitter } from '../../../shard/shard-emitter.ts';
import type { Disconnected, StateChange } from '../../../shard/shard-events.ts';
import type { ShardHealth } from '../../shard-handle.ts';
import type { ShardStats } from '../wire/messages.ts';
import { deserializeGatewayError } from '../wire/serialized-error.ts';
import type { SerializedError } from '../wire/serialized-error.ts';
import { DispatchReader } from './dispatch-reader.ts';
import { RewindLimit } from './rewind-limit.ts';
import type { ShardUpdate } from './shard-channel.ts';
import { ThreadObservation } from './thread-observation.ts';

interface ShardMirrorOptions {
  readonly shardId: number;
  readonly store: SessionStore;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly timing: ShardTiming;
  /**
   * Makes the thread resume from a sequence, so that the dispatches after it come again. Returns `false` if there is no
   * thread that could.
   */
  rewind(sequence: number): boolean;
  onFailed(error: GatewayError): void;
}

type ConnectionLoss = Pick<Disconnected, 'code' | 'reason' | 'initiator'>;
type EventUpdate = Extract<ShardUpdate, { kind: 'event' }>;

/** `interrupted`: it was ready in a thread that has ended, which the next thread does not know. */
type History = 'neverReady' | 'wasReady' | 'interrupted';

interface Delivery {
  readonly phase: 'delivering';
  readonly sequence: number | null;
  /** The sequence before this dispatch. */
  readonly before: number;
  hasFailed: boolean;
}

/** `rewinding`: dispatches are dropped, because they come again. */
type Intake = { readonly phase: 'idle' } | Delivery | { readonly phase: 'rewinding' };

const IDLE: Intake = { phase: 'idle' };
/** In any other state the shard has no connection that heartbeats. */
const CONNECTED_STATES: ReadonlySet<ShardState> = new Set(['identifying', 'resuming', 'ready']);
const NO_STATS: ShardStats = { ping: null, lastFrameAt: null, lastAckAt: null, pendingSends: 0 };

export class ShardMirror {
  readonly listenerWatch: ListenerWatch;
  readonly emitter: ShardEmitter;
  readonly observation: ThreadObservation;
  readonly #options: ShardMirrorOptions;
  readonly #reader = new DispatchReader((error) => this.#onDecodeFailed(error));
  #state: ShardState = 'disconnected';
  #failure: GatewayError | null = null;
  #history: History = 'neverReady';
  #session: Session | null = null;
  /** The last sequence delivered. */
  #sequence = 0;
  #stats = NO_STATS;
  #lastDispatchAt: number | null = null;
  #intake: Intake = IDLE;
  readonly #rewindLimit: RewindLimit;

  constructor(options: ShardMirrorOptions) {
    this.#options = options;
    this.#rewindLimit = new RewindLimit(options.clock, options.timing.stableAfterMs);
    const onListenerError = listenerErrorReporter({
      reportFault: (error) => this.#reportFault(error),
      logError: (message) => options.logger.error(this.#logLine(message)),
    });
    const { clock, timing } = options;
    this.listenerWatch = new ListenerWatch({ clock, timing, report: (error) => this.#reportFault(error) });
    this.emitter = new ShardEmitter(options.shardId, onListenerError, this.listenerWatch);
    this.observation = new ThreadObservation({
      clock,
      stateOf: () => this.#state,
      onThrow: (cause) =>
        this.#reportFault(new GatewayError('OBSERVER_THREW', 'the inspect observer threw', { cause })),
    });
  }

  get state(): ShardState {
    return this.#state;
  }

  get failure(): GatewayError | null {
    return this.#state === 'failed' ? this.#failure : null;
  }

  get session(): Session | null {
    return this.#session === null ? null : { ...this.#session, sequence: this.#sequence };
  }

  get stats(): ShardStats {
    return this.#stats;
  }

  get health(): ShardHealth {
    const { lastFrameAt, lastAckAt } = this.#stats;
    return { lastFrameAt, lastAckAt, lastDispatchAt: this.#lastDispatchAt };
  }

  readonly apply = (update: ShardUpdate): void => ShardMirror.#handleUpdate(update, this);

  readonly applyDispatch = (packet: Buffer, sequence: number | null, now: number): void => {
    if (this.#intake.phase === 'rewinding') return;
    this.#lastDispatchAt = now;
    const delivery: Delivery = { phase: 'delivering', sequence, before: this.#sequence, hasFailed: false };
    this.#intake = delivery;
    if (sequence !== null && sequence > this.#sequence) this.#sequence = sequence;
    try {
      const dispatch = this.#reader.read(packet, sequence);
      if (dispatch !== null) this.#deliver(dispatch);
    } catch (cause) {
      delivery.hasFailed = true;
      this.#reportFault(new GatewayError('INTERNAL_ERROR', 'a dispatch could not be handled', { cause }));
    }
    this.#intake = IDLE;
    if (delivery.hasFailed) this.#rewind(delivery.sequence, delivery.before);
  };

  /** A dispatch that an earlier process received: no sequence counts it, and no resume repeats it. */
  readonly applyRestored = (packet: Buffer, sequence: number | null): void => {
    try {
      const dispatch = this.#reader.readRestored(packet, sequence);
      if (dispatch !== null) this.#deliver(dispatch);
    } catch (cause) {
      this.#reportFault(new GatewayError('INTERNAL_ERROR', 'a dispatch could not be handled', { cause }));
    }
  };

  /** An error of our own: what the message said is lost, and the shard resumes. */
  readonly onMessageFailed = (cause: unknown): void => {
    this.#reportFault(new GatewayError('INTERNAL_ERROR', 'a message of the thread could not be handled', { cause }));
    this.#rewind(null, this.#sequence);
  };

  /** Makes the thread resume from an earlier sequence. Drops what it sends until then. */
  rewindTo(sequence: number): void {
    this.#sequence = sequence;
    // A listener may have closed the shard meanwhile; the next connect() then resumes from there.
    if (this.#options.rewind(sequence)) this.#intake = { phase: 'rewinding' };
  }

  /** The thread has ended, and the shard goes on in another. */
  markReconnecting(loss: ConnectionLoss): void {
    if (this.#history === 'wasReady') this.#history = 'interrupted';
    this.#resetThreadState();
    this.#setState('reconnecting');
    this.#emitDisconnected(loss, true);
  }

  /** The thread has ended or is no longer used, and no other takes over. */
  markDisconnected(loss: ConnectionLoss): void {
    this.#resetThreadState();
    if (this.#state === 'disconnected' || this.#state === 'failed') return;
    this.#history = 'neverReady';
    this.#setState('disconnected');
    this.#emitDisconnected(loss, false);
  }

  markFailed(error: GatewayError): void {
    this.#resetThreadState();
    this.#failure = error;
    this.#setState('failed');
    this.#options.logger.error(this.#logLine(`${error.code}: ${error.message}`));
    this.emitter.emit('failed', error);
  }

  /** Forgets the session, unless it is to be kept. */
  endSession(session: 'keep' | 'discard'): void {
    if (session === 'keep') return;
    this.forgetSession();
    void this.#options.store.clear(this.#options.shardId);
  }

  /** The store may have a session all the same. */
  forgetSession(): void {
    this.#setSession(null);
  }

  static readonly #handleUpdate = handlerByKind<ShardUpdate, ShardMirror>({
    event: (event, mirror) => mirror.#onEvent(event),
    failure: ({ error }, mirror) => {
      mirror.#failure = deserializeGatewayError(error);
      mirror.#options.onFailed(mirror.#failure);
    },
    session: ({ session }, mirror) => mirror.#setSession(session),
    save: ({ session }, mirror) => {
      if (session.sessionId !== mirror.#session?.sessionId) mirror.#setSession(session);
      mirror.#session = session;
      mirror.#sequence = Math.max(mirror.#sequence, session.sequence);
      void mirror.#options.store.save(session);
    },
    clear: (_, mirror) => mirror.endSession('discard'),
    stats: ({ stats }, mirror) => {
      mirror.#stats = stats;
    },
    frame: (update, mirror) => mirror.observation.onFrame(update),
    dispatches: (update, mirror) => mirror.observation.onDispatches(update),
    active: (update, mirror) => mirror.observation.onActive(update),
    step: (update, mirror) => mirror.observation.onStep(update),
    log: ({ level, message }, mirror) => mirror.#options.logger[level](message),
    rewound: (_, mirror) => mirror.#endRewinding(),
    undelivered: ({ sequence, error }, mirror) => {
      if (mirror.#intake.phase === 'rewinding') return;
      mirror.#reportFault(deserializeGatewayError(error));
      mirror.#rewind(sequence, mirror.#sequence);
    },
  });

  #setSession(session: Session | null): void {
    this.#rewindLimit.onSessionChange();
    this.#session = session;
    this.#sequence = session?.sequence ?? 0;
  }

  #onEvent({ name, args }: EventUpdate): void {
    if (name === 'stateChange') return this.#onStateChange(args[0] as StateChange);
    const isError = name === 'fault' || name === 'failed';
    const [error] = !isError
      ? []
      : [
          name === 'failed' && this.failure !== null
            ? this.failure
            : deserializeGatewayError(args[0] as SerializedError),
        ];
    (this.emitter.emit as (name: string, ...args: unknown[]) => void).call(
      this.emitter,
      name,
      ...(error === undefined ? args : [error]),
    );
  }

  #onStateChange({ from, to }: StateChange): void {
    this.#setState(to);
    if (to !== 'ready') return;
    const wasInterrupted = this.#history === 'interrupted';
    this.#history = 'wasReady';
    if (wasInterrupted) this.emitter.emit('reconnected', { resumed: from === 'resuming' });
  }

  #setState(to: ShardState): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    if (!CONNECTED_STATES.has(to)) this.#stats = { ...this.#stats, ping: null };
    this.emitter.emit('stateChange', { from, to });
  }

  #emitDisconnected(loss: ConnectionLoss, willReconnect: boolean): void {
    this.emitter.emit('disconnected', { ...loss, willReconnect, willResume: willReconnect && this.#session !== null });
  }

  #resetThreadState(): void {
    this.#stats = { ...this.#stats, pendingSends: 0 };
    this.#endRewinding();
  }

  #endRewinding(): void {
    if (this.#intake.phase === 'rewinding') this.#intake = IDLE;
  }

  #deliver(dispatch: LazyDispatch): void {
    this.listenerWatch.startDispatch(dispatch as Dispatch);
    this.emitter.emitDispatch(dispatch as Dispatch);
    dispatch.releaseBuffer();
  }

  /** A dispatch found corrupt during its delivery is requested again, once. A dispatch found corrupt later is lost. */
  #onDecodeFailed(error: GatewayError): void {
    this.#reportFault(error);
    if (this.#intake.phase === 'delivering') this.#intake.hasFailed = true;
    else this.#rewind(null, this.#sequence);
  }

  #rewind(sequence: number | null, before: number): void {
    if (this.#intake.phase === 'rewinding') return;
    if (this.#session === null || !this.#rewindLimit.allows(sequence)) return;
    this.rewindTo(before);
  }

  #reportFault(error: GatewayError): void {
    this.#options.logger.warn(this.#logLine(`${error.code}: ${error.message}`));
    this.emitter.emit('fault', error);
  }

  #logLine(text: string): string {
    return `shard ${this.#options.shardId}: ${text}`;
  }
}
