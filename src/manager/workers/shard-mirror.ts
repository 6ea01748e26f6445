/**
 * What is known here of a shard in another thread, as of what was last told, and its events. Everything is told in the
 * order in which it happened there, so a listener finds it as it was.
 */
import type { ShardState } from '../../../machines/index.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { ReceivedDispatch } from '../../protocol/received-dispatch.ts';
import type { Session } from '../../session/session.ts';
import type { SessionStore } from '../../session/session-store.ts';
import type { Logger } from '../../shard/logger.ts';
import { ShardEmitter } from '../../shard/shard-emitter.ts';
import type { Disconnected, StateChange } from '../../shard/shard-events.ts';
import { DispatchReader } from './dispatch-reader.ts';
import type { Vitals } from './messages.ts';
import { unpackGatewayError } from './packed-error.ts';
import type { PackedError } from './packed-error.ts';
import type { News } from './remote-shard.ts';

interface Host {
  readonly shardId: number;
  readonly store: SessionStore;
  readonly logger: Logger;
  /** Asks for what came after a sequence once more. */
  rewind(sequence: number): void;
  onFailed(error: GatewayError): void;
}

type Loss = Pick<Disconnected, 'code' | 'reason' | 'initiator'>;
type EventNews = Extract<News, { kind: 'event' }>;

const NOTHING_YET: Vitals = { ping: null, lastFrameAt: null, lastAckAt: null, lastDispatchAt: null, pendingSends: 0 };

export class ShardMirror {
  readonly emitter: ShardEmitter;
  readonly #host: Host;
  readonly #reader = new DispatchReader((error) => this.#corrupted(error));
  #state: ShardState = 'disconnected';
  #session: Session | null = null;
  /** The last that was handed out. */
  #sequence = 0;
  #vitals = NOTHING_YET;
  #lastDispatchAt: number | null = null;
  /** It was ready in a thread that is no more; the next one does not know. */
  #wasInterrupted = false;
  #hasBeenReady = false;
  /** What is being handed out, and what came before it. */
  #current: { readonly sequence: number | null; readonly before: number; isCorrupted: boolean } | null = null;
  /** Since when it is known that the next dispatches come again anyway. */
  #isRewinding = false;
  /** What is no JSON for the second time will not be for the third. */
  #rewoundFor: number | null = null;

  constructor(host: Host) {
    this.#host = host;
    this.emitter = new ShardEmitter(host.shardId, (name, cause) => this.#listenerThrew(name, cause));
  }

  get state(): ShardState {
    return this.#state;
  }

  get session(): Session | null {
    return this.#session === null ? null : { ...this.#session, sequence: this.#sequence };
  }

  get vitals(): Vitals {
    return { ...this.#vitals, lastDispatchAt: this.#lastDispatchAt };
  }

  readonly hear = (news: News): void => {
    (this.#news[news.kind] as (given: News) => void)(news);
  };

  readonly dispatch = (packet: Buffer, sequence: number | null, now: number): void => {
    if (this.#isRewinding) return;
    this.#lastDispatchAt = now;
    const current = { sequence, before: this.#sequence, isCorrupted: false };
    this.#current = current;
    if (sequence !== null && sequence > this.#sequence) this.#sequence = sequence;
    const dispatch = this.#reader.read(packet, sequence);
    if (dispatch !== null) this.#give(dispatch);
    this.#current = null;
    if (current.isCorrupted) this.#rewind(current.sequence, current.before);
  };

  /** The thread is gone, or not listened to any more, and another takes over. */
  interrupt(loss: Loss): void {
    this.#wasInterrupted = this.#hasBeenReady;
    this.#forgetThread();
    this.#become('reconnecting');
    this.#tellLoss(loss, true);
  }

  /** As before, but nobody takes over. */
  end(loss: Loss): void {
    this.#forgetThread();
    if (this.#state === 'disconnected' || this.#state === 'failed') return;
    this.#hasBeenReady = false;
    this.#become('disconnected');
    this.#tellLoss(loss, false);
  }

  fail(error: GatewayError): void {
    this.#forgetThread();
    this.#become('failed');
    this.#host.logger.error(`shard ${this.#host.shardId}: ${error.code}: ${error.message}`);
    this.emitter.emit('failed', error);
  }

  /** The user has had enough. */
  leave(session: 'keep' | 'discard'): void {
    if (session === 'keep') return;
    this.#session = null;
    this.#sequence = 0;
    void this.#host.store.clear(this.#host.shardId);
  }

  readonly #news: { [Kind in News['kind']]: (news: Extract<News, { kind: Kind }>) => void } = {
    event: (event) => this.#event(event),
    session: ({ session }) => this.#adopt(session),
    save: ({ session }) => {
      if (session.sessionId !== this.#session?.sessionId) this.#adopt(session);
      this.#sequence = Math.max(this.#sequence, session.sequence);
      void this.#host.store.save(session);
    },
    clear: () => {
      this.#adopt(null);
      void this.#host.store.clear(this.#host.shardId);
    },
    vitals: ({ vitals }) => {
      this.#vitals = vitals;
    },
    log: ({ level, message }) => this.#host.logger[level](message),
    rewound: () => {
      this.#isRewinding = false;
    },
  };

  #adopt(session: Session | null): void {
    this.#session = session;
    this.#sequence = session?.sequence ?? 0;
  }

  #event({ name, args }: EventNews): void {
    if (name === 'stateChange') return this.#moved(args[0] as StateChange);
    const isError = name === 'fault' || name === 'failed';
    const [error] = isError ? [unpackGatewayError(args[0] as PackedError)] : [];
    if (name === 'failed' && error !== undefined) this.#host.onFailed(error);
    (this.emitter.emit as (name: string, ...args: unknown[]) => void).call(this.emitter, name, ...(error === undefined ? args : [error]));
  }

  #moved({ from, to }: StateChange): void {
    this.#become(to);
    if (to !== 'ready') return;
    this.#hasBeenReady = true;
    if (!this.#wasInterrupted) return;
    this.#wasInterrupted = false;
    this.emitter.emit('reconnected', { resumed: from === 'resuming' });
  }

  #become(to: ShardState): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.emitter.emit('stateChange', { from, to });
  }

  #tellLoss(loss: Loss, willReconnect: boolean): void {
    this.emitter.emit('disconnected', { ...loss, willReconnect, willResume: willReconnect && this.#session !== null });
  }

  #forgetThread(): void {
    this.#vitals = { ...this.#vitals, pendingSends: 0 };
    this.#isRewinding = false;
  }

  #give(dispatch: ReceivedDispatch): void {
    this.emitter.handOut('dispatch', dispatch);
    dispatch.settle();
  }

  /** Found out while it is handed out, it comes again, once; later it is lost, as is what is no JSON twice. */
  #corrupted(error: GatewayError): void {
    this.#host.logger.warn(`shard ${this.#host.shardId}: ${error.code}: ${error.message}`);
    this.emitter.emit('fault', error);
    if (this.#current !== null) this.#current.isCorrupted = true;
    else this.#rewind(null, this.#sequence);
  }

  #rewind(sequence: number | null, before: number): void {
    if (this.#session === null || (sequence !== null && this.#rewoundFor === sequence)) return;
    this.#rewoundFor = sequence;
    this.#sequence = before;
    this.#isRewinding = true;
    this.#host.rewind(before);
  }

  #listenerThrew(name: string, cause: unknown): void {
    if (cause instanceof GatewayError && cause.code === 'DECODE_FAILED') return;
    this.#host.logger.error(`shard ${this.#host.shardId}: a listener of "${name}" threw`);
    const error = new GatewayError('LISTENER_THREW', `a listener of "${name}" threw`, { cause });
    if (name !== 'fault') this.emitter.emit('fault', error);
  }
}
