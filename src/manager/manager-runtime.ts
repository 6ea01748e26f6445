/**
 * The inside of a manager: connects the machine, the shards, the listeners and the promises of callers. `ShardManager`
 * is its public face.
 */
import { managerState } from '../../machines/index.ts';
import type { Failure, ManagerEmitted, ManagerEvent, ManagerState } from '../../machines/index.ts';
import { withProxy } from '../http/proxy/proxy-error.ts';
import { GATEWAY_ERROR_CODES, GatewayError } from '../protocol/errors.ts';
import { handlerByType } from '../protocol/handler-table.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import { Emitter } from '../shard/emitter.ts';
import { listenerErrorReporter } from '../shard/listener-error.ts';
import { ListenerWatch } from '../shard/listener-watch.ts';
import { reportUnheardFailure } from '../shard/unheard-failure.ts';
import { WaitList } from '../shard/wait-list.ts';
import { FleetDispatcher } from './fleet-dispatcher.ts';
import { Fleet } from './fleet.ts';
import { GuildArrivals } from './guild-arrivals.ts';
import { attachManagerInspectors } from './inspected-manager.ts';
import { createManagerActor } from './manager-actor.ts';
import type { ManagerActor } from './manager-actor.ts';
import { MANAGER_EVENT_NAMES } from './manager-events.ts';
import type { ManagerEvents } from './manager-events.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';
import { shardFactory } from './shard-factory.ts';
import type { ShardSet } from './shard-set.ts';
import { progressOf } from './start/progress.ts';

/** Turns a failure of the machine into an error: the machine knows no classes. */
const errorOf = (failure: Failure): GatewayError =>
  failure instanceof GatewayError
    ? failure
    : new GatewayError(GATEWAY_ERROR_CODES.find((code) => code === failure.code) ?? 'INTERNAL_ERROR', failure.message);

export class ManagerRuntime {
  readonly options: ResolvedManagerOptions;
  readonly #onListenerError = listenerErrorReporter({
    reportFault: (error) => this.reportFault(error, null),
    logError: (message) => this.options.logger.error(message),
  });
  readonly emitter = new Emitter<ManagerEvents>(this.#onListenerError, MANAGER_EVENT_NAMES);
  readonly dispatcher: FleetDispatcher;
  readonly fleet: Fleet;
  readonly actor: ManagerActor;
  /** Callers that wait until all shards are ready. */
  readonly readyWaiters = new WaitList('connect()');
  /** Callers that wait until all shards are closed. */
  readonly closedWaiters = new WaitList('disconnect()');
  /** Callers that wait until another set of shards is in service. */
  readonly reshardWaiters = new WaitList('reshard()');
  closeRequest: DisconnectOptions = {};
  readonly #guildArrivals: GuildArrivals;
  #state: ManagerState = 'stopped';
  #lastProgressKey = '';
  /** Whether a caller got the failure already, while the other shards were still closing. */
  #isFailureAwaited = false;
  /** The failure for which the shards are closing; `null` if there is none. */
  #closingFailure: GatewayError | null = null;
  readonly #serviceChangeListeners = new Set<() => void>();

  constructor(options: ResolvedManagerOptions) {
    this.options = options;
    this.dispatcher = new FleetDispatcher(options.maxBufferedBytes, {
      emit: (dispatch, shardId) => {
        this.emitter.emit('dispatch', dispatch, shardId);
        this.#guildArrivals.onDispatch(shardId, dispatch);
      },
      onBackPressure: (full) => this.fleet.setBackPressure(full),
      onBufferFull: (shardId) => this.fleet.leave(shardId),
      onRoom: () => this.fleet.onRoom(),
      onThrow: this.#onListenerError,
      listenerWatch: new ListenerWatch({
        clock: options.clock,
        timing: options.timing,
        report: (error) => this.reportFault(error, null),
      }),
    });
    this.#guildArrivals = new GuildArrivals({
      clock: options.clock,
      isWanted: () => this.emitter.has('guildsReady'),
      emit: (shardId, guilds) => this.emitter.emit('guildsReady', shardId, guilds),
    });
    this.fleet = this.#createFleet();
    this.actor = createManagerActor({ options, fleet: this.fleet, closeRequest: () => this.closeRequest });
    this.actor.subscribe({ next: () => this.#onStateChange(), error: (cause) => this.#onMachineError(cause) });
    this.actor.on('*', (emitted) => this.#handleEmitted(emitted));
    this.actor.start();
    attachManagerInspectors(options.observers, this, (cause) => this.#onObserverError(cause));
  }

  /** Calls `listener` when other shards are in service, for inspectors. Returns a function that removes it. */
  onServiceChange(listener: () => void): () => void {
    const guarded = (): void => {
      try {
        listener();
      } catch (cause) {
        this.#serviceChangeListeners.delete(guarded);
        this.#onObserverError(cause);
      }
    };
    this.#serviceChangeListeners.add(guarded);
    return () => this.#serviceChangeListeners.delete(guarded);
  }

  get state(): ManagerState {
    const { status, value } = this.actor.getSnapshot();
    return status === 'error' ? 'failed' : managerState(value);
  }

  send(event: ManagerEvent): void {
    this.actor.send(event);
  }

  reportFault(error: GatewayError, shardId: number | null): void {
    this.options.logger.warn(`${shardId === null ? 'manager' : `shard ${shardId}`}: ${error.code}: ${error.message}`);
    this.emitter.emit('fault', error, shardId);
  }

  /** Rejects the callers that wait for shards to be ready. */
  rejectWaiters(error: GatewayError): void {
    this.readyWaiters.reject(error);
    this.reshardWaiters.reject(error);
  }

  #createFleet(): Fleet {
    const { options, dispatcher, emitter } = this;
    const emitShardEvent = emitter.emit.bind(emitter) as (name: string, ...args: unknown[]) => void;
    return new Fleet({
      options,
      dispatcher,
      createShard: shardFactory(options, (error) => this.reportFault(error, null)),
      send: (event) => this.send(event),
      emitShardEvent: (shardId, name, args) => {
        if (name === 'failed' && args[0] instanceof GatewayError) this.#reportUnheard(args[0], shardId);
        emitShardEvent(name, ...args, shardId);
      },
      emitClusterEvent: (name, ...args) => emitter.emit(name, ...args),
      reportFault: (error, shardId) => this.reportFault(error, shardId),
      onProgress: (set) => this.#onProgress(set),
      onServiceChange: () => {
        for (const listener of this.#serviceChangeListeners) listener();
      },
      onResharded: (from, to) => {
        this.reshardWaiters.resolve();
        emitter.emit('resharded', { from, to });
        emitter.emit('allReady');
      },
    });
  }

  #onProgress(set: ShardSet): void {
    if (this.state !== 'starting' && this.state !== 'resharding') return;
    const { gate } = this.fleet;
    const progress = progressOf(set, gate, this.options.reserve);
    const progressKey = `${progress.ready} ${progress.total} ${set.waiting.length}`;
    if (progressKey === this.#lastProgressKey) return;
    this.#lastProgressKey = progressKey;
    this.emitter.emit('progress', progress);
  }

  /** Turns what the machine emits into faults and rejections. */
  readonly #handleEmitted = handlerByType<ManagerEmitted>({
    unavailable: ({ failure }) => this.reportFault(errorOf(this.#withProxy(failure)), null),
    reshardRefused: ({ failure }) => this.reshardWaiters.reject(errorOf(this.#withProxy(failure))),
    reshardUnaffordable: ({ total, info: { sessionStartLimit } }) => {
      const { remaining, resetAfterMs } = sessionStartLimit;
      const { reserve } = this.options;
      const reserveText = reserve === 0 ? '' : `, ${reserve} of them reserved`;
      const resetText = `until the reset in ${Math.ceil(resetAfterMs / 60_000)} min`;
      const text = `${total} shards need ${total} session starts; ${remaining} are left${reserveText}, ${resetText}`;
      const hint = 'Try again after the reset; the old shards stay in service.';
      this.reshardWaiters.reject(new GatewayError('IDENTIFY_BUDGET_SPENT', text, { hint }));
    },
    failed: ({ failure }) => this.#fail(errorOf(failure)),
  });

  /** A request that was not answered does not say what it went through. */
  #withProxy(failure: Failure): Failure {
    if (failure instanceof GatewayError) return failure;
    return { ...failure, message: withProxy(failure.message, this.options.proxyOfApi) };
  }

  /** Acts on a change of the flat state, once. */
  #onStateChange(): void {
    const from = this.#state;
    const to = this.state;
    if (from === to) return;
    this.#state = to;
    this.options.logger.info(`manager: ${from} → ${to}`);
    if (from === 'draining') this.closedWaiters.resolve();
    if (to === 'draining' || to === 'stopped' || to === 'failed') this.#guildArrivals.stop();
    this.#entryHandlers[to]?.(from);
  }

  readonly #entryHandlers: Partial<Record<ManagerState, (from: ManagerState) => void>> = {
    starting: () => {
      const failure = this.#closingFailure;
      this.#closingFailure = null;
      // A connect() came while the shards were closed, so the manager goes on instead of failing.
      if (failure !== null) this.reportFault(failure, null);
    },
    running: (from) => {
      const [failure] = this.fleet.current?.failures.values() ?? [];
      if (failure !== undefined) return this.readyWaiters.reject(failure);
      this.readyWaiters.resolve();
      if (from === 'starting') this.emitter.emit('allReady');
    },
    draining: () => {
      const { failure } = this.actor.getSnapshot().context;
      // The next connect() goes on with the sessions. After a failure, or without sessions, nothing comes again.
      if (failure === null && this.closeRequest.session !== 'discard') this.dispatcher.holdHandlers();
      if (failure === null) return;
      this.#isFailureAwaited = this.#isAwaited;
      this.#closingFailure = errorOf(failure);
      this.rejectWaiters(this.#closingFailure);
    },
    stopped: () => this.dispatcher.finish(null),
  };

  get #isAwaited(): boolean {
    return this.readyWaiters.size > 0 || this.reshardWaiters.size > 0 || this.dispatcher.hasStreams;
  }

  #reportUnheard(error: GatewayError, shardId: number | null): void {
    const { logger } = this.options;
    const who = shardId === null ? 'the manager' : `shard ${shardId}`;
    const isAwaited = this.#isAwaited || this.#isFailureAwaited;
    reportUnheardFailure(error, { who, hasListener: this.emitter.has('failed'), isAwaited, logger });
  }

  #fail(error: GatewayError): void {
    this.#reportUnheard(error, null);
    this.#isFailureAwaited = false;
    this.#closingFailure = null;
    this.rejectWaiters(error);
    this.dispatcher.finish(error);
    this.options.logger.error(`manager: ${error.code}: ${error.message}`);
    this.emitter.emit('failed', error, null);
  }

  #onMachineError(cause: unknown): void {
    this.fleet.forceClose();
    this.#onStateChange();
    this.closedWaiters.resolve();
    this.#fail(new GatewayError('INTERNAL_ERROR', 'the state machine stopped', { cause }));
  }

  #onObserverError(cause: unknown): void {
    this.reportFault(new GatewayError('OBSERVER_THREW', 'the inspect observer threw', { cause }), null);
  }
}
