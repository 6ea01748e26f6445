/** Records a manager: its states, its steps, and which shards it has in service. */
import type { ManagerState } from '../../machines/index.ts';
import { ListenerSet } from '../inspect/listener-set.ts';
import type { InspectedManager } from '../manager/inspected-manager.ts';
import type { ManagerEvents } from '../manager/manager-events.ts';
import type { ShardHandle } from '../manager/shard-handle.ts';
import { stepsOfActor } from '../shard/machine-steps.ts';
import type { WriteRecord } from './record-log.ts';
import { problemOf } from './redaction.ts';
import type { ShardRecorder } from './shard-recorder.ts';
import { StepRecorder } from './step-recorder.ts';

export interface ManagerRecorderDependencies {
  readonly write: WriteRecord;
  readonly addShard: (shard: ShardHandle) => ShardRecorder;
  readonly removeShard: (recorder: ShardRecorder) => void;
}

export class ManagerRecorder {
  readonly #manager: InspectedManager;
  readonly #dependencies: ManagerRecorderDependencies;
  readonly #listeners: ListenerSet<ManagerEvents>;
  readonly #steps: StepRecorder;
  readonly #shards = new Map<number, { readonly handle: ShardHandle; readonly recorder: ShardRecorder }>();
  #state: ManagerState;
  /** The identify queue of the last record, as text. */
  #queue = '';

  constructor(manager: InspectedManager, dependencies: ManagerRecorderDependencies) {
    this.#manager = manager;
    this.#dependencies = dependencies;
    this.#state = manager.state;
    this.#steps = new StepRecorder(stepsOfActor(manager.actor), ({ event, taken, active }) =>
      dependencies.write('managerStep', null, { event, taken, active }),
    );
    this.#listeners = new ListenerSet(manager);
    const subscription = manager.actor.subscribe({
      next: () => this.#onStateChange(),
      error: () => this.#onStateChange(),
    });
    this.#listeners.addRemover(
      () => subscription.unsubscribe(),
      manager.onServiceChange(() => this.#syncShards()),
    );
    this.#listeners.on('fault', (error, shardId) => {
      if (shardId === null) dependencies.write('fault', null, problemOf(error));
    });
    this.#listeners.on('failed', (error, shardId) => {
      if (shardId === null) dependencies.write('failed', null, problemOf(error));
    });
    this.#listeners.on('resharded', ({ from, to }) => dependencies.write('resharded', null, { from, to }));
    this.#syncShards();
  }

  get state(): ManagerState {
    return this.#state;
  }

  /** Records the identify queue if it has changed. */
  sample(): void {
    const { identifyQueue } = this.#manager;
    if (identifyQueue === null) return;
    const { waiting, total, remaining, resetAfterMs } = identifyQueue;
    // The time until the reset changes all the time.
    const queue = `${waiting} ${total} ${remaining}`;
    if (queue === this.#queue) return;
    this.#queue = queue;
    this.#dependencies.write('identifyQueue', null, { waiting, total, remaining, resetAfterMs });
  }

  /** Stops observing the manager. */
  close(): void {
    this.#steps.close();
    this.#listeners.removeAll();
  }

  #onStateChange(): void {
    const { state } = this.#manager;
    if (state === this.#state) return;
    const from = this.#state;
    this.#state = state;
    this.#dependencies.write('managerState', null, { from, to: state });
  }

  #syncShards(): void {
    const { shards } = this.#manager;
    for (const [shardId, { handle, recorder }] of this.#shards) {
      if (shards.get(shardId) === handle) continue;
      this.#dependencies.removeShard(recorder);
      this.#shards.delete(shardId);
    }
    for (const [shardId, handle] of shards)
      if (!this.#shards.has(shardId))
        this.#shards.set(shardId, { handle, recorder: this.#dependencies.addShard(handle) });
  }
}
