/** A shard inside a worker thread: a local shard whose events and dispatches are sent to the manager's thread. */
import type { AwayReason } from '../../../../machines/index.ts';
import type { GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import { GatewayError } from '../../../protocol/errors.ts';
import type { Dispatch, SendPayload } from '../../../protocol/packets.ts';
import type { SendOptions } from '../../../shard/command-sender.ts';
import type { DisconnectOptions } from '../../../shard/close-request.ts';
import type { RequestOptions } from '../../../shard/guild-member-requests.ts';
import type { Logger } from '../../../shard/logger.ts';
import type { RefusedPresence } from '../../../shard/refused-payload.ts';
import { systemClock } from '../../../clock.ts';
import { LocalShard } from '../../local-shard.ts';
import { FORWARDED_EVENTS } from '../../manager-events.ts';
import { FrameReporter } from './frame-reporter.ts';
import type { PendingRequests } from './pending-requests.ts';
import { IdentifyGateProxy } from './identify-gate-proxy.ts';
import { SessionStoreProxy } from './session-store-proxy.ts';
import { reportSteps } from './step-reporter.ts';
import type { ThreadOptions, Method, ThreadShardConfig, ShardMessage } from '../wire/messages.ts';
import type { MessageBatcher } from './message-batcher.ts';
import { serializeError } from '../wire/serialized-error.ts';

/** Who has asked that the socket is not read, or that the connection is left. */
type PauseReason = 'manager' | 'backPressure';

const HINT =
  'Look at the cause; data that is nested thousands of levels deep does not leave its thread. Set workers to 0 to get it.';

const unsendableError = (what: string, cause: unknown): GatewayError =>
  new GatewayError('WORKER_FAILED', `${what} could not be sent from the thread of the shard`, { hint: HINT, cause });

interface ThreadShardDependencies {
  readonly options: ThreadOptions;
  readonly batcher: MessageBatcher;
  readonly requests: PendingRequests;
}

export class ThreadShard {
  readonly #key: number;
  readonly #batcher: MessageBatcher;
  readonly #shard: LocalShard;
  readonly #pauseReasons = new Set<PauseReason>();
  readonly #fullReasons = new Set<PauseReason>();
  #sessionId: string | null;
  #hasChanged = false;
  #isDisposed = false;
  #rawEnabled = false;
  /** `null` while nobody observes the frames. */
  #frames: FrameReporter | null = null;

  constructor(
    key: number,
    { presence, session, ...config }: ThreadShardConfig,
    { options: { isObservable, ...options }, batcher, requests }: ThreadShardDependencies,
  ) {
    this.#key = key;
    this.#batcher = batcher;
    this.#sessionId = session?.sessionId ?? null;
    const send = (message: ShardMessage): void => this.#send(message);
    this.#shard = new LocalShard({
      ...options,
      ...config,
      session,
      ...(presence === undefined ? {} : { presence }),
      sessionStore: new SessionStoreProxy({
        requests,
        send,
        sendChange: (frame) => {
          if (!this.#isDisposed) batcher.sendChange(key, frame);
        },
      }),
      identifyGate: new IdentifyGateProxy(requests, send),
      logger: this.#createLogger(),
      ...(isObservable ? { inspect: [] } : {}),
    });
    for (const name of FORWARDED_EVENTS)
      this.#shard.on(name, (...args: readonly unknown[]) => this.#sendEvent(name, args));
    this.#shard.on('dispatch', (dispatch) => {
      if (this.#isDisposed) return;
      this.#sendDispatch(dispatch);
      if (batcher.isOverfull) this.setBufferFull('backPressure', 'bufferFull');
    });
    if (batcher.isFull) this.pauseReading('backPressure');
  }

  /**
   * Calls a method and sends the response. Never rejects.
   * @param args - a list, as JSON
   */
  async call(id: number, method: Method, args: string, signal: AbortSignal): Promise<void> {
    this.#hasChanged = true;
    try {
      const value = await this.#methods[method](JSON.parse(args) as unknown[], signal);
      this.#sendResult(id, method, value);
    } catch (error) {
      this.#send({ kind: 'response', id, value: undefined, error: serializeError(error) });
    }
  }

  readonly #methods: Record<Method, (args: readonly unknown[], signal: AbortSignal) => Promise<unknown>> = {
    connect: (_, signal) => this.#shard.connect({ signal }),
    disconnect: ([options], signal) => this.#shard.disconnect({ ...(options as DisconnectOptions), signal }),
    reconnect: () => this.#shard.reconnect(),
    send: ([payload, options], signal) =>
      this.#shard.send(payload as SendPayload, { ...(options as SendOptions), signal }),
    requestGuildMembers: ([request, options], signal) =>
      this.#shard.requestGuildMembers(request as GatewayRequestGuildMembersData, {
        ...(options as RequestOptions),
        signal,
      }),
    heartbeat: () => this.#shard.heartbeat(),
    barrier: () => this.#shard.barrier(),
    settled: () => this.#shard.settled(),
  };

  pauseReading(reason: PauseReason): void {
    this.#pauseReasons.add(reason);
    this.#shard.pauseReading();
  }

  resumeReading(reason: PauseReason): void {
    this.#pauseReasons.delete(reason);
    if (this.#pauseReasons.size === 0) this.#shard.resumeReading();
  }

  setBufferFull(reason: PauseReason, because: AwayReason | null): void {
    if (because !== null) this.#fullReasons.add(reason);
    else if (!this.#fullReasons.delete(reason)) return;
    if (because !== null || this.#fullReasons.size === 0) this.#shard.setBufferFull(because);
  }

  dropPresence(presence: RefusedPresence): void {
    this.#shard.dropPresence(presence);
  }

  enableRaw(): void {
    if (this.#rawEnabled) return;
    this.#rawEnabled = true;
    this.#shard.on('raw', (packet) => this.#sendEvent('raw', [packet]));
  }

  observeFrames(): void {
    const { inspected } = this.#shard;
    if (inspected !== null)
      this.#frames ??= new FrameReporter(inspected, systemClock, (message) => this.#send(message));
  }

  observeSteps(): void {
    const { inspected } = this.#shard;
    if (inspected !== null) reportSteps(inspected, systemClock, (message) => this.#send(message));
  }

  flushFrames(): void {
    this.#frames?.flush();
  }

  forceClose(code: number | undefined): void {
    this.#shard.forceClose(code);
  }

  rewind(sequence: number): void {
    this.#shard.rewind(sequence);
    this.#send({ kind: 'rewound' });
  }

  /** Closes the shard and sends nothing more. */
  dispose(): void {
    this.#isDisposed = true;
    this.#shard.forceClose();
  }

  /** Sends the shard's stats if anything has happened since the last time. */
  sendStats(): void {
    if (!this.#hasChanged || this.#isDisposed) return;
    this.#hasChanged = false;
    const { ping, pendingSends, health } = this.#shard;
    const { lastFrameAt, lastAckAt } = health;
    this.#batcher.send(this.#key, { kind: 'stats', stats: { ping, pendingSends, lastFrameAt, lastAckAt } });
  }

  #sendEvent(name: (typeof FORWARDED_EVENTS)[number] | 'raw', args: readonly unknown[]): void {
    this.#frames?.flush();
    this.#sendSessionChange();
    const { failure } = this.#shard;
    if (name === 'stateChange' && failure !== null) this.#send({ kind: 'failure', error: serializeError(failure) });
    const data = args.map((arg) => (arg instanceof Error ? serializeError(arg) : arg));
    try {
      this.#send({ kind: 'event', name, args: data });
    } catch (cause) {
      const error = unsendableError(`the event "${name}"`, cause);
      this.#send({ kind: 'event', name: 'fault', args: [serializeError(error)] });
    }
  }

  #sendResult(id: number, method: Method, value: unknown): void {
    try {
      this.#send({ kind: 'response', id, value, error: null });
    } catch (cause) {
      throw unsendableError(`the result of ${method}()`, cause);
    }
  }

  /** A dispatch that can't be sent is resumed from, as one that can't be read. */
  #sendDispatch(dispatch: Dispatch): void {
    // No event of the shard has come before it.
    if (dispatch.isRestored === true) this.#sendSessionChange();
    try {
      this.#batcher.sendDispatch(this.#key, dispatch);
    } catch (cause) {
      const { t, s } = dispatch;
      this.#send({ kind: 'undelivered', sequence: s, error: serializeError(unsendableError(t, cause)) });
    }
  }

  /** The manager's thread must know a session before its first dispatch. */
  #sendSessionChange(): void {
    const { session } = this.#shard;
    const sessionId = session?.sessionId ?? null;
    if (sessionId === this.#sessionId) return;
    this.#sessionId = sessionId;
    this.#send({ kind: 'session', session });
  }

  #send(message: ShardMessage): void {
    if (this.#isDisposed) return;
    this.#hasChanged = true;
    this.#batcher.send(this.#key, message);
  }

  #createLogger(): Logger {
    const logAt = (level: keyof Logger) => (message: string) => this.#send({ kind: 'log', level, message });
    return { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') };
  }
}
