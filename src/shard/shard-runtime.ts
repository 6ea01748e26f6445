/**
 * The inside of a shard. It connects the machine with the session, the send queue and the listeners, and turns what the
 * machine emits into events. `Shard` is its public side.
 */
import { shardState } from '../../machines/index.ts';
import type { ShardEmitted, ShardEvent, ShardState } from '../../machines/index.ts';
import type { ActorDependencies } from '../actors/actor-dependencies.ts';
import { ActivityTimes } from '../connection/activity-times.ts';
import { ConnectionSlot } from '../connection/connection-slot.ts';
import { DispatchProbe } from '../connection/dispatch-probe.ts';
import { FrameTap } from '../connection/frame-tap.ts';
import { HeartbeatTracker } from '../connection/heartbeat-tracker.ts';
import { SendQueue } from '../connection/send-queue.ts';
import { SentFrames } from '../connection/sent-frames.ts';
import type { StartGuard } from '../identify/start-guard.ts';
import { DecodePredictor } from '../decoding/decode-predictor.ts';
import { GatewayError } from '../protocol/errors.ts';
import { handlerByType } from '../protocol/handler-table.ts';
import { identifyPayload, resumePayload } from '../protocol/payloads.ts';
import { waitAtMost } from '../protocol/wait-at-most.ts';
import type { ClaimedSessionStore } from '../session/claimed-session-store.ts';
import { CurrentSession } from '../session/current-session.ts';
import type { SessionLedger } from '../session/session-ledger.ts';
import { SessionOrigin, mismatchError } from '../session/session-origin.ts';
import type { OriginField } from '../session/session-origin.ts';
import type { Session } from '../session/session.ts';
import type { GuildKeeper } from '../session/snapshot/guild-keeper.ts';
import { CurrentPresence } from './current-presence.ts';
import { BackPressure } from './back-pressure.ts';
import { Dispatcher } from './dispatcher.ts';
import { presencePayload } from './changed-presence.ts';
import { faultError } from './lifecycle-errors.ts';
import { listenerErrorReporter } from './listener-error.ts';
import { ListenerWatch } from './listener-watch.ts';
import { WaitList } from './wait-list.ts';
import { dropPresence, handleRefusal } from './refused-payload.ts';
import type { RefusedPresence } from './refused-payload.ts';
import { createSessionParts } from './session-parts.ts';
import { createShardActor } from './shard-actor.ts';
import type { ShardActor } from './shard-actor.ts';
import { ShardEmitter } from './shard-emitter.ts';
import { ShardFailure } from './shard-failure.ts';
import { StepTap } from './step-tap.ts';
import { VoiceStates } from './voice-states.ts';
import type { WarmStart } from './warm-start.ts';
import { ON_ENTRY, ON_EXIT } from './state-reactions.ts';
import type { ResolvedOptions } from './shard-options.ts';

export class ShardRuntime implements ActorDependencies {
  readonly options: ResolvedOptions;
  readonly activityTimes = new ActivityTimes();
  readonly session: CurrentSession;
  readonly heartbeatTracker: HeartbeatTracker;
  readonly connectionSlot = new ConnectionSlot();
  readonly sentFrames: SentFrames;
  readonly frameTap: FrameTap;
  readonly stepTap: StepTap;
  readonly queue: SendQueue;
  readonly sessionLedger: SessionLedger;
  readonly sessionStore: ClaimedSessionStore;
  readonly startGuard: StartGuard;
  readonly guildKeeper: GuildKeeper | null;
  readonly warmStart: WarmStart | null;
  readonly listenerWatch: ListenerWatch;
  readonly emitter: ShardEmitter;
  readonly decodePredictor = new DecodePredictor();
  readonly dispatcher: Dispatcher;
  readonly backPressure: BackPressure;
  /** Calls that wait for the next READY or RESUMED. */
  readonly readyWaiters = new WaitList('connect()');
  /** Calls that wait for the close handshake. */
  readonly closedWaiters = new WaitList('disconnect()');
  /** `null` without `maxDispatchSilenceMs`. */
  readonly dispatchProbe: DispatchProbe | null;
  /** `null` without `restoreVoiceStates`. */
  readonly voiceStates: VoiceStates | null;
  /** The presence for the next IDENTIFY. */
  readonly presence: CurrentPresence;
  /** What the sessions of this shard belong to. */
  readonly origin: SessionOrigin;
  actor: ShardActor;
  #state: ShardState = 'disconnected';
  #hasSession: boolean;
  readonly #failure = new ShardFailure(this);

  /** The parts get this object, or share these functions: a closure for each would be a good part of an idle shard. */
  constructor(options: ResolvedOptions) {
    const { clock, random, timing } = options;
    this.options = options;
    const onListenerError = listenerErrorReporter({
      reportFault: this.fault,
      logError: (message) => options.logger.error(this.#logLine(message)),
    });
    this.frameTap = new FrameTap(clock, this.reportObserverError);
    this.stepTap = new StepTap(this.reportObserverError);
    this.listenerWatch = new ListenerWatch({ clock, timing, report: this.fault });
    this.emitter = new ShardEmitter(options.shardId, onListenerError, this.listenerWatch);
    this.presence = new CurrentPresence(options.presence);
    this.sentFrames = new SentFrames(this.presence);
    this.heartbeatTracker = new HeartbeatTracker(clock);
    this.queue = new SendQueue(options.shardId, clock, (throttled) => this.emitter.emit('throttled', throttled));
    this.origin = new SessionOrigin(options);
    this.session = new CurrentSession(options.shardId, options.shardCount, this);
    this.session.restore(options.session);
    this.#hasSession = this.session.identity !== null;
    this.dispatchProbe =
      timing.maxDispatchSilenceMs === null ? null : new DispatchProbe({ clock, random, session: this.session });
    this.voiceStates = options.restoreVoiceStates ? new VoiceStates(this) : null;
    this.backPressure = new BackPressure(clock, options.maxBufferedBytes, this);
    this.dispatcher = new Dispatcher(this, onListenerError);
    ({
      sessionStore: this.sessionStore,
      sessionLedger: this.sessionLedger,
      startGuard: this.startGuard,
      guildKeeper: this.guildKeeper,
      warmStart: this.warmStart,
    } = createSessionParts(this));
    this.actor = this.#createActor();
    this.actor.start();
  }

  get state(): ShardState {
    const { status, value } = this.actor.getSnapshot();
    return status === 'error' ? 'failed' : shardState(value);
  }

  /** Why the shard has failed; `null` in any other state. */
  get failure(): GatewayError | null {
    return this.state === 'failed' ? this.#failure.error : null;
  }

  send(event: ShardEvent): void {
    this.actor.send(event);
  }

  /** Creates a new actor if the machine stopped with an error, so that the shard stays usable. */
  restartIfCrashed(): void {
    if (this.actor.getSnapshot().status !== 'error') return;
    this.actor = this.#createActor();
    this.actor.start();
  }

  identifyPayload(): string {
    const { options } = this;
    const presence = this.presence.value;
    this.session.recordPresence(presence === undefined ? null : presencePayload(presence));
    return identifyPayload(options.token, { ...options, compress: options.compression === 'payload', presence });
  }

  resumePayload(): string | null {
    const session = this.session.sessionIf(this.actor.getSnapshot().context.session);
    return session === null ? null : resumePayload(this.options.token, session.sessionId, session.sequence);
  }

  saveSession(): void {
    this.sessionLedger.save();
  }

  discardSession(): void {
    this.session.clear();
    this.sessionLedger.clear(this.options.shardId);
  }

  markOutdated(): void {
    this.dispatcher.drop(this.session.id);
    this.session.markOutdated();
    this.sessionLedger.markOutdated();
  }

  sessionForStore(): Session | null {
    return this.session.sessionForStore(this.#lowestPending());
  }

  hasPending(): boolean {
    return this.#lowestPending() !== null;
  }

  #lowestPending(): number | null {
    return this.dispatcher.lowestSequenceOf(this.session.id);
  }

  /** Discord refused a presence on another shard. */
  dropPresence(presence: RefusedPresence): void {
    dropPresence(this, presence);
  }

  /** The sequence to store has advanced. */
  onDelivered(): void {
    this.sessionLedger.advance();
  }

  /**
   * A session of another origin is not restored. Other settings are a deployment. But two bots that share a store
   * overwrite each other's sessions.
   */
  onMismatch(field: OriginField): void {
    const error = mismatchError(field);
    if (field === 'bot') this.fault(error);
    else this.options.logger.info(this.#logLine(error.message));
  }

  /** Resolves when the session is stored and given to the next process, or after `closeTimeoutMs`. */
  async flushStore(): Promise<void> {
    const { clock, timing } = this.options;
    const released = this.#releaseSession();
    await waitAtMost(clock, timing.closeTimeoutMs, released);
    // What the store has not answered by now is a fault, and leaves no timer behind.
    if (this.#hasStopped) await this.sessionStore.giveUpUntil(released);
  }

  get #hasStopped(): boolean {
    return this.state === 'disconnected' || this.state === 'failed';
  }

  async #releaseSession(): Promise<void> {
    await this.sessionLedger.flushed();
    if (this.#hasStopped) await this.sessionStore.release();
  }

  reportBudgetSpent(retryAfterMs: number): void {
    const text = `no session starts left for ${Math.ceil(retryAfterMs / 1000)} s`;
    this.fault(new GatewayError('IDENTIFY_BUDGET_SPENT', text));
  }

  /** Rejects everything that waits for a connection. */
  rejectWaiters(error: GatewayError): void {
    this.readyWaiters.reject(error);
    this.queue.stop(error);
    this.dispatcher.requests?.stop(error);
  }

  readonly fault = (error: GatewayError): void => {
    this.options.logger.warn(this.#logLine(`${error.code}: ${error.message}`));
    this.emitter.emit('fault', error);
  };

  #createActor(): ShardActor {
    const actor = createShardActor(this, this.options, this.reportObserverError);
    this.stepTap.follow(actor);
    actor.subscribe(this);
    actor.on('*', (emitted) => {
      this.next();
      ShardRuntime.#handleEmitted(emitted, this);
    });
    return actor;
  }

  static readonly #handleEmitted = handlerByType<ShardEmitted, ShardRuntime>({
    connected: (_, runtime) => runtime.emitter.emit('connected'),
    hello: ({ heartbeatIntervalMs }, runtime) =>
      runtime.emitter.emit('hello', { heartbeatInterval: heartbeatIntervalMs }),
    reconnected: ({ resumed }, runtime) => runtime.emitter.emit('reconnected', { resumed }),
    disconnected: ({ code, reason, initiator, willReconnect, willResume }, runtime) =>
      runtime.emitter.emit('disconnected', { code, reason, initiator, willReconnect, willResume }),
    fault: (fault, runtime) =>
      runtime.fault(faultError(fault, handleRefusal(fault, runtime), runtime.connectionSlot.proxyInUse)),
    failed: (_, runtime) => runtime.#failure.report(),
  });

  /** Whether a consumer has fallen behind, so that the socket should not be read. */
  get isReadingPaused(): boolean {
    return this.dispatcher.isFull || this.backPressure.isPaused;
  }

  /** Pauses only a ready shard: others must read HELLO, the replay and RESUMED to become ready. */
  updateBackPressure(): void {
    if (this.#state === 'ready' && this.isReadingPaused) this.connectionSlot.connection?.pauseReading();
    else this.connectionSlot.connection?.resumeReading();
  }

  /** Reacts to a change of the flat state. Both snapshots and emitted events call it, whichever comes first. */
  next(): void {
    const hasSession = this.actor.getSnapshot().context.session !== null;
    if (this.#hasSession && !hasSession) this.discardSession();
    this.#hasSession = hasSession;
    const from = this.#state;
    const to = this.state;
    if (from === to) return;
    this.#state = to;
    ON_EXIT[from]?.(this);
    // Before listeners hear of it: one may connect again, or stop the shard.
    if (to === 'failed') this.#failure.settle();
    if (to === 'disconnected' || to === 'failed') {
      // The next connect() goes on with the session. After a failure, or without a session, nothing comes again.
      if (to === 'disconnected' && hasSession) this.dispatcher.holdHandlers();
      this.sessionLedger.stop();
      void this.#releaseSession();
    }
    this.options.logger.info(this.#logLine(`${from} → ${to}`));
    this.emitter.emit('stateChange', { from, to });
    ON_ENTRY[to]?.(this);
  }

  /** The machine has stopped with an error. */
  error(): void {
    // XState does not stop the children of an actor that ended with an error.
    this.connectionSlot.connection?.terminate();
    // The machine of a failed shard may stop too.
    if (this.#state === 'failed') this.#failure.settle();
    else this.next();
    this.#failure.report();
  }

  readonly reportObserverError = (cause: unknown): void =>
    this.fault(new GatewayError('OBSERVER_THREW', 'the inspect observer threw', { cause }));

  #logLine(text: string): string {
    return `shard ${this.options.shardId}: ${text}`;
  }
}
