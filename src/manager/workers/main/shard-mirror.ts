/**
 * What is known here of a shard in another thread, as of what was last told, and its events. Everything is told in the
 * order in which it happened there, so a listener finds it as it was.
 */
import type { ShardState } from '../../../../machines/index.ts';
import { GatewayError } from '../../../protocol/errors.ts';
import type { LazyDispatch } from '../../../decoding/lazy-dispatch.ts';
import type { Session } from '../../../session/session.ts';
import type { SessionStore } from '../../../session/session-store.ts';
import type { Logger } from '../../../shard/logger.ts';
import { ShardEmitter } from '../../../shard/shard-emitter.ts';
import type { Disconnected, StateChange } from '../../../shard/shard-events.ts';
import { DispatchReader } from './dispatch-reader.ts';
import type { ShardStats } from '../wire/messages.ts';
import { deserializeGatewayError } from '../wire/serialized-error.ts';
import type { SerializedError } from '../wire/serialized-error.ts';
import type { ShardUpdate } from './shard-channel.ts';

interface ShardMirrorOptions {
  readonly shardId: number;
  readonly store: SessionStore;
  readonly logger: Logger;
  /** Asks for what came after a sequence once more. */
  rewind(sequence: number): void;
  onFailed(error: GatewayError): void;
}

type ConnectionLoss = Pick<Disconnected, 'code' | 'reason' | 'initiator'>;
type EventUpdate = Extract<ShardUpdate, { kind: 'event' }>;

const NO_STATS: ShardStats = { ping: null, lastFrameAt: null, lastAckAt: null, lastDispatchAt: null, pendingSends: 0 };

export class ShardMirror {
  readonly emitter: ShardEmitter;
  readonly #options: ShardMirrorOptions;
  readonly #reader = new DispatchReader((error) => this.#onDecodeFailed(error));
  #state: ShardState = 'disconnected';
  #session: Session | null = null;
  /** The last that was handed out. */
  #sequence = 0;
  #stats = NO_STATS;
  #lastDispatchAt: number | null = null;
  /** It was ready in a thread that is no more; the next one does not know. */
  #wasInterrupted = false;
  #hasBeenReady = false;
  /** What is being handed out, and what came before it. */
  #delivering: { readonly sequence: number | null; readonly before: number; isCorrupted: boolean } | null = null;
  /** Since when it is known that the next dispatches come again anyway. */
  #isRewinding = false;
  /** What is no JSON for the second time will not be for the third. */
  #lastRewoundSequence: number | null = null;

  constructor(options: ShardMirrorOptions) {
    this.#options = options;
    this.emitter = new ShardEmitter(options.shardId, (name, cause) => this.#reportListenerError(name, cause));
  }

  get state(): ShardState {
    return this.#state;
  }

  get session(): Session | null {
    return this.#session === null ? null : { ...this.#session, sequence: this.#sequence };
  }

  get stats(): ShardStats {
    return { ...this.#stats, lastDispatchAt: this.#lastDispatchAt };
  }

  readonly apply = (update: ShardUpdate): void => {
    (this.#handlers[update.kind] as (update: ShardUpdate) => void)(update);
  };

  readonly applyDispatch = (packet: Buffer, sequence: number | null, now: number): void => {
    if (this.#isRewinding) return;
    this.#lastDispatchAt = now;
    const delivering = { sequence, before: this.#sequence, isCorrupted: false };
    this.#delivering = delivering;
    if (sequence !== null && sequence > this.#sequence) this.#sequence = sequence;
    const dispatch = this.#reader.read(packet, sequence);
    if (dispatch !== null) this.#deliver(dispatch);
    this.#delivering = null;
    if (delivering.isCorrupted) this.#rewind(delivering.sequence, delivering.before);
  };

  /** The thread is gone, or not listened to any more, and another takes over. */
  markReconnecting(loss: ConnectionLoss): void {
    this.#wasInterrupted = this.#hasBeenReady;
    this.#resetThreadState();
    this.#setState('reconnecting');
    this.#emitDisconnected(loss, true);
  }

  /** As before, but nobody takes over. */
  markDisconnected(loss: ConnectionLoss): void {
    this.#resetThreadState();
    if (this.#state === 'disconnected' || this.#state === 'failed') return;
    this.#hasBeenReady = false;
    this.#setState('disconnected');
    this.#emitDisconnected(loss, false);
  }

  markFailed(error: GatewayError): void {
    this.#resetThreadState();
    this.#setState('failed');
    this.#options.logger.error(`shard ${this.#options.shardId}: ${error.code}: ${error.message}`);
    this.emitter.emit('failed', error);
  }

  /** The user has had enough. */
  endSession(session: 'keep' | 'discard'): void {
    if (session === 'keep') return;
    this.#session = null;
    this.#sequence = 0;
    void this.#options.store.clear(this.#options.shardId);
  }

  readonly #handlers: { [Kind in ShardUpdate['kind']]: (update: Extract<ShardUpdate, { kind: Kind }>) => void } = {
    event: (event) => this.#onEvent(event),
    session: ({ session }) => this.#setSession(session),
    save: ({ session }) => {
      if (session.sessionId !== this.#session?.sessionId) this.#setSession(session);
      this.#sequence = Math.max(this.#sequence, session.sequence);
      void this.#options.store.save(session);
    },
    clear: () => {
      this.#setSession(null);
      void this.#options.store.clear(this.#options.shardId);
    },
    stats: ({ stats }) => {
      this.#stats = stats;
    },
    log: ({ level, message }) => this.#options.logger[level](message),
    rewound: () => {
      this.#isRewinding = false;
    },
  };

  #setSession(session: Session | null): void {
    this.#session = session;
    this.#sequence = session?.sequence ?? 0;
  }

  #onEvent({ name, args }: EventUpdate): void {
    if (name === 'stateChange') return this.#onStateChange(args[0] as StateChange);
    const isError = name === 'fault' || name === 'failed';
    const [error] = isError ? [deserializeGatewayError(args[0] as SerializedError)] : [];
    if (name === 'failed' && error !== undefined) this.#options.onFailed(error);
    (this.emitter.emit as (name: string, ...args: unknown[]) => void).call(
      this.emitter,
      name,
      ...(error === undefined ? args : [error]),
    );
  }

  #onStateChange({ from, to }: StateChange): void {
    this.#setState(to);
    if (to !== 'ready') return;
    this.#hasBeenReady = true;
    if (!this.#wasInterrupted) return;
    this.#wasInterrupted = false;
    this.emitter.emit('reconnected', { resumed: from === 'resuming' });
  }

  #setState(to: ShardState): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.emitter.emit('stateChange', { from, to });
  }

  #emitDisconnected(loss: ConnectionLoss, willReconnect: boolean): void {
    this.emitter.emit('disconnected', { ...loss, willReconnect, willResume: willReconnect && this.#session !== null });
  }

  #resetThreadState(): void {
    this.#stats = { ...this.#stats, pendingSends: 0 };
    this.#isRewinding = false;
  }

  #deliver(dispatch: LazyDispatch): void {
    this.emitter.emitWithoutTelemetry('dispatch', dispatch);
    dispatch.releaseBuffer();
  }

  /** Found out while it is handed out, it comes again, once; later it is lost, as is what is no JSON twice. */
  #onDecodeFailed(error: GatewayError): void {
    this.#options.logger.warn(`shard ${this.#options.shardId}: ${error.code}: ${error.message}`);
    this.emitter.emit('fault', error);
    if (this.#delivering !== null) this.#delivering.isCorrupted = true;
    else this.#rewind(null, this.#sequence);
  }

  #rewind(sequence: number | null, before: number): void {
    if (this.#session === null || (sequence !== null && this.#lastRewoundSequence === sequence)) return;
    this.#lastRewoundSequence = sequence;
    this.#sequence = before;
    this.#isRewinding = true;
    this.#options.rewind(before);
  }

  #reportListenerError(name: string, cause: unknown): void {
    if (cause instanceof GatewayError && cause.code === 'DECODE_FAILED') return;
    this.#options.logger.error(`shard ${this.#options.shardId}: a listener of "${name}" threw`);
    const error = new GatewayError('LISTENER_THREW', `a listener of "${name}" threw`, { cause });
    if (name !== 'fault') this.emitter.emit('fault', error);
  }
}
