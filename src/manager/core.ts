/**
 * The inside of a manager: wires the machine to the fleet and to those who listen and wait. `ShardManager` is the door
 * to it.
 */
import { managerState } from '../../machines/index.ts';
import type { Failure, ManagerEmitted, ManagerEvent, ManagerState } from '../../machines/index.ts';
import { GATEWAY_ERROR_CODES, GatewayError } from '../protocol/errors.ts';
import type { DisconnectOptions } from '../shard/closing.ts';
import { Emitter } from '../shard/emitter.ts';
import { Settlers } from '../shard/settlers.ts';
import { FleetDispatcher } from './fleet-dispatcher.ts';
import { Fleet } from './fleet.ts';
import { attachManagerInspector } from './inspected-manager.ts';
import { LocalShard } from './local-shard.ts';
import { createManagerActor } from './manager-actor.ts';
import type { ManagerActor } from './manager-actor.ts';
import type { ManagerEvents } from './manager-events.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';
import { progressOf } from './progress.ts';
import type { CreateShard } from './shard-handle.ts';
import type { ShardSet } from './shard-set.ts';
import { workerShards } from './workers/worker-pool.ts';

/** A failure as the machine has it, which is an error unless the machine itself said it. */
const errorOf = (failure: Failure): GatewayError =>
  failure instanceof GatewayError
    ? failure
    : new GatewayError(GATEWAY_ERROR_CODES.find((code) => code === failure.code) ?? 'INTERNAL_ERROR', failure.message);

const localShards = ({ shared, token }: ResolvedManagerOptions): CreateShard =>
  ({ presence, ...blueprint }) =>
    new LocalShard({ ...shared, ...blueprint, ...(presence === undefined ? {} : { presence }), token: token.reveal() });

export class ManagerCore {
  readonly options: ResolvedManagerOptions;
  readonly emitter = new Emitter<ManagerEvents>((name, cause) => this.#listenerThrew(name, cause));
  readonly dispatcher: FleetDispatcher;
  readonly fleet: Fleet;
  readonly actor: ManagerActor;
  /** Those who wait for all shards to be ready. */
  readonly readiness = new Settlers('connect()');
  /** Those who wait for all shards to be gone. */
  readonly departure = new Settlers('disconnect()');
  /** Those who wait for another set of shards. */
  readonly resharding = new Settlers('reshard()');
  closing: DisconnectOptions = {};
  #state: ManagerState = 'stopped';
  #told = '';
  hearsRaw = false;
  readonly #serviceListeners = new Set<() => void>();

  constructor(options: ResolvedManagerOptions) {
    this.options = options;
    const create = options.workers === 0 ? localShards(options) : workerShards(options, (error) => this.fault(error, null));
    this.dispatcher = new FleetDispatcher({
      emit: (dispatch, shardId) => this.emitter.emit('dispatch', dispatch, shardId),
      onPressure: (full) => this.fleet.setPressure(full),
      onThrow: (name, cause) => this.#listenerThrew(name, cause),
    });
    this.fleet = this.#createFleet(create);
    this.actor = createManagerActor({ options, fleet: this.fleet, closing: () => this.closing });
    this.actor.subscribe({ next: () => this.#follow(), error: (cause) => this.#machineDied(cause) });
    this.actor.on('*', (emitted) => (this.#tell[emitted.type] as (emitted: ManagerEmitted) => void)(emitted));
    this.actor.start();
    attachManagerInspector(options.inspect, this, (cause) => this.fault(new GatewayError('OBSERVER_THREW', 'the inspect observer threw', { cause }), null));
  }

  /** For inspectors: calls back when other shards are in service. Gives back what ends it. */
  onService(listener: () => void): () => void {
    const guarded = (): void => {
      try {
        listener();
      } catch (cause) {
        this.#serviceListeners.delete(guarded);
        this.fault(new GatewayError('OBSERVER_THREW', 'the inspect observer threw', { cause }), null);
      }
    };
    this.#serviceListeners.add(guarded);
    return () => this.#serviceListeners.delete(guarded);
  }

  get state(): ManagerState {
    const { status, value } = this.actor.getSnapshot();
    return status === 'error' ? 'failed' : managerState(value);
  }

  send(event: ManagerEvent): void {
    this.actor.send(event);
  }

  fault(error: GatewayError, shardId: number | null): void {
    this.options.logger.warn(`${shardId === null ? 'manager' : `shard ${shardId}`}: ${error.code}: ${error.message}`);
    this.emitter.emit('fault', error, shardId);
  }

  /** Settles all that waits for shards which will not come. */
  stop(error: GatewayError): void {
    this.readiness.reject(error);
    this.resharding.reject(error);
  }

  #createFleet(create: CreateShard): Fleet {
    const { options, dispatcher, emitter } = this;
    const isPressed = (): boolean => dispatcher.isFull;
    const hearsRaw = (): boolean => this.hearsRaw;
    return new Fleet({
      options,
      create,
      say: (event) => this.send(event),
      relay: (_set, shardId, name, args) => (emitter.emit as (name: string, ...args: unknown[]) => void).call(emitter, name, ...args, shardId),
      deliver: (dispatch, row) => dispatcher.deliver(dispatch, row),
      oldestWaiting: (row) => dispatcher.lowestSequenceOf(row),
      fault: (error, shardId) => this.fault(error, shardId),
      progressed: (set) => this.#progressed(set),
      served: () => {
        for (const listener of this.#serviceListeners) listener();
      },
      resharded: (from, to) => {
        this.resharding.resolve();
        emitter.emit('resharded', { from, to });
        emitter.emit('allReady');
      },
      get isPressed() {
        return isPressed();
      },
      get hearsRaw() {
        return hearsRaw();
      },
    });
  }

  #progressed(set: ShardSet): void {
    if (this.state !== 'starting' && this.state !== 'resharding') return;
    const { gate } = this.fleet;
    const progress = progressOf(set, gate, this.options.reserve);
    const told = `${progress.ready} ${progress.total} ${set.waiting.length}`;
    if (told === this.#told) return;
    this.#told = told;
    this.emitter.emit('progress', progress);
  }

  /** What the machine says, as events. */
  readonly #tell: { [Type in ManagerEmitted['type']]: (emitted: Extract<ManagerEmitted, { type: Type }>) => void } = {
    unavailable: ({ failure }) => this.fault(errorOf(failure), null),
    reshardRefused: ({ failure }) => this.resharding.reject(errorOf(failure)),
    reshardUnaffordable: ({ total, info: { sessionStartLimit } }) => {
      const { remaining, resetAfterMs } = sessionStartLimit;
      const { reserve } = this.options;
      const kept = reserve === 0 ? '' : `, ${reserve} of them in reserve`;
      const left = `${remaining} are left${kept}, for another ${Math.ceil(resetAfterMs / 60_000)} min`;
      const hint = 'Try again after the reset; the shards in service go on.';
      this.resharding.reject(new GatewayError('IDENTIFY_BUDGET_SPENT', `${total} shards take ${total} session starts; ${left}`, { hint }));
    },
    failed: ({ failure }) => this.#fail(errorOf(failure)),
  };

  /** Acts on a change of the flat state, once. */
  #follow(): void {
    const from = this.#state;
    const to = this.state;
    if (from === to) return;
    this.#state = to;
    this.options.logger.info(`manager: ${from} → ${to}`);
    if (from === 'draining') this.departure.resolve();
    this.#enter[to]?.(from);
  }

  readonly #enter: Partial<Record<ManagerState, (from: ManagerState) => void>> = {
    running: (from) => {
      const [failure] = this.fleet.current?.failures.values() ?? [];
      if (failure !== undefined) return this.readiness.reject(failure);
      this.readiness.resolve();
      if (from === 'starting') this.emitter.emit('allReady');
    },
    draining: () => {
      const { failure } = this.actor.getSnapshot().context;
      if (failure !== null) this.stop(errorOf(failure));
    },
    stopped: () => this.dispatcher.finish(null),
  };

  #fail(error: GatewayError): void {
    this.stop(error);
    this.dispatcher.finish(error);
    this.options.logger.error(`manager: ${error.code}: ${error.message}`);
    this.emitter.emit('failed', error, null);
  }

  #machineDied(cause: unknown): void {
    this.fleet.forceClose();
    this.#follow();
    this.departure.resolve();
    this.#fail(new GatewayError('INTERNAL_ERROR', 'the state machine stopped', { cause }));
  }

  #listenerThrew(name: string, cause: unknown): void {
    // It read the data of a dispatch that has none; the shard tells of that.
    if (cause instanceof GatewayError && cause.code === 'DECODE_FAILED') return;
    const error = new GatewayError('LISTENER_THREW', `a listener of "${name}" threw`, { cause });
    // A fault listener that throws would be told of itself for ever.
    if (name === 'fault') this.options.logger.error(error.message);
    else this.fault(error, null);
  }
}
