/**
 * The inside of a manager: wires the machine to the fleet and to those who listen and wait. `ShardManager` is the door
 * to it.
 */
import { managerState } from '../../machines/index.ts';
import type { Failure, ManagerEmitted, ManagerEvent, ManagerState } from '../../machines/index.ts';
import { GATEWAY_ERROR_CODES, GatewayError } from '../protocol/errors.ts';
import type { DisconnectOptions } from '../shard/close-request.ts';
import { Emitter } from '../shard/emitter.ts';
import { WaitList } from '../shard/wait-list.ts';
import { FleetDispatcher } from './fleet-dispatcher.ts';
import { Fleet } from './fleet.ts';
import { attachManagerInspector } from './inspected-manager.ts';
import { LocalShard } from './local-shard.ts';
import { createManagerActor } from './manager-actor.ts';
import type { ManagerActor } from './manager-actor.ts';
import type { ManagerEvents } from './manager-events.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';
import { progressOf } from './start/progress.ts';
import type { ShardFactory } from './shard-handle.ts';
import type { ShardSet } from './shard-set.ts';
import { createWorkerShards } from './workers/main/worker-pool.ts';

/** A failure as the machine has it, which is an error unless the machine itself said it. */
const errorOf = (failure: Failure): GatewayError =>
  failure instanceof GatewayError
    ? failure
    : new GatewayError(GATEWAY_ERROR_CODES.find((code) => code === failure.code) ?? 'INTERNAL_ERROR', failure.message);

const createLocalShards =
  ({ shared, token }: ResolvedManagerOptions): ShardFactory =>
  ({ presence, ...shardConfig }) =>
    new LocalShard({
      ...shared,
      ...shardConfig,
      ...(presence === undefined ? {} : { presence }),
      token: token.reveal(),
    });

export class ManagerRuntime {
  readonly options: ResolvedManagerOptions;
  readonly emitter = new Emitter<ManagerEvents>((name, cause) => this.#reportListenerError(name, cause));
  readonly dispatcher: FleetDispatcher;
  readonly fleet: Fleet;
  readonly actor: ManagerActor;
  /** Those who wait for all shards to be ready. */
  readonly readyWaiters = new WaitList('connect()');
  /** Those who wait for all shards to be gone. */
  readonly closedWaiters = new WaitList('disconnect()');
  /** Those who wait for another set of shards. */
  readonly reshardWaiters = new WaitList('reshard()');
  closeRequest: DisconnectOptions = {};
  #state: ManagerState = 'stopped';
  #lastProgressKey = '';
  rawEnabled = false;
  readonly #serviceChangeListeners = new Set<() => void>();

  constructor(options: ResolvedManagerOptions) {
    this.options = options;
    const createShard =
      options.workers === 0
        ? createLocalShards(options)
        : createWorkerShards(options, (error) => this.reportFault(error, null));
    this.dispatcher = new FleetDispatcher({
      emit: (dispatch, shardId) => this.emitter.emit('dispatch', dispatch, shardId),
      onBackPressure: (full) => this.fleet.setBackPressure(full),
      onThrow: (name, cause) => this.#reportListenerError(name, cause),
    });
    this.fleet = this.#createFleet(createShard);
    this.actor = createManagerActor({ options, fleet: this.fleet, closeRequest: () => this.closeRequest });
    this.actor.subscribe({ next: () => this.#onStateChange(), error: (cause) => this.#onMachineError(cause) });
    this.actor.on('*', (emitted) => (this.#emitHandlers[emitted.type] as (emitted: ManagerEmitted) => void)(emitted));
    this.actor.start();
    attachManagerInspector(options.inspect, this, (cause) =>
      this.reportFault(new GatewayError('OBSERVER_THREW', 'the inspect observer threw', { cause }), null),
    );
  }

  /** For inspectors: calls back when other shards are in service. Gives back what ends it. */
  onServiceChange(listener: () => void): () => void {
    const guarded = (): void => {
      try {
        listener();
      } catch (cause) {
        this.#serviceChangeListeners.delete(guarded);
        this.reportFault(new GatewayError('OBSERVER_THREW', 'the inspect observer threw', { cause }), null);
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

  /** Settles all that waits for shards which will not come. */
  rejectWaiters(error: GatewayError): void {
    this.readyWaiters.reject(error);
    this.reshardWaiters.reject(error);
  }

  #createFleet(createShard: ShardFactory): Fleet {
    const { options, dispatcher, emitter } = this;
    const isBackPressured = (): boolean => dispatcher.isFull;
    const rawEnabled = (): boolean => this.rawEnabled;
    return new Fleet({
      options,
      createShard,
      send: (event) => this.send(event),
      forwardEvent: (_set, shardId, name, args) =>
        (emitter.emit as (name: string, ...args: unknown[]) => void).call(emitter, name, ...args, shardId),
      deliver: (dispatch, entry) => dispatcher.deliver(dispatch, entry),
      lowestPendingSequence: (entry) => dispatcher.lowestSequenceOf(entry),
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
      get isBackPressured() {
        return isBackPressured();
      },
      get rawEnabled() {
        return rawEnabled();
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

  /** What the machine says, as events. */
  readonly #emitHandlers: {
    [Type in ManagerEmitted['type']]: (emitted: Extract<ManagerEmitted, { type: Type }>) => void;
  } = {
    unavailable: ({ failure }) => this.reportFault(errorOf(failure), null),
    reshardRefused: ({ failure }) => this.reshardWaiters.reject(errorOf(failure)),
    reshardUnaffordable: ({ total, info: { sessionStartLimit } }) => {
      const { remaining, resetAfterMs } = sessionStartLimit;
      const { reserve } = this.options;
      const reserveText = reserve === 0 ? '' : `, ${reserve} of them in reserve`;
      const remainingText = `${remaining} are left${reserveText}, for another ${Math.ceil(resetAfterMs / 60_000)} min`;
      const hint = 'Try again after the reset; the shards in service go on.';
      this.reshardWaiters.reject(
        new GatewayError('IDENTIFY_BUDGET_SPENT', `${total} shards take ${total} session starts; ${remainingText}`, {
          hint,
        }),
      );
    },
    failed: ({ failure }) => this.#fail(errorOf(failure)),
  };

  /** Acts on a change of the flat state, once. */
  #onStateChange(): void {
    const from = this.#state;
    const to = this.state;
    if (from === to) return;
    this.#state = to;
    this.options.logger.info(`manager: ${from} → ${to}`);
    if (from === 'draining') this.closedWaiters.resolve();
    this.#entryHandlers[to]?.(from);
  }

  readonly #entryHandlers: Partial<Record<ManagerState, (from: ManagerState) => void>> = {
    running: (from) => {
      const [failure] = this.fleet.current?.failures.values() ?? [];
      if (failure !== undefined) return this.readyWaiters.reject(failure);
      this.readyWaiters.resolve();
      if (from === 'starting') this.emitter.emit('allReady');
    },
    draining: () => {
      const { failure } = this.actor.getSnapshot().context;
      if (failure !== null) this.rejectWaiters(errorOf(failure));
    },
    stopped: () => this.dispatcher.finish(null),
  };

  #fail(error: GatewayError): void {
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

  #reportListenerError(name: string, cause: unknown): void {
    // It read the data of a dispatch that has none; the shard tells of that.
    if (cause instanceof GatewayError && cause.code === 'DECODE_FAILED') return;
    const error = new GatewayError('LISTENER_THREW', `a listener of "${name}" threw`, { cause });
    // A fault listener that throws would be told of itself for ever.
    if (name === 'fault') this.options.logger.error(error.message);
    else this.reportFault(error, null);
  }
}
