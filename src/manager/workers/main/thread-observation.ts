/** Passes the frames and the steps of a shard in a worker thread to observers in this thread. */
import type { ShardState } from '../../../../machines/index.ts';
import type { Clock } from '../../../clock.ts';
import type { FrameObserver } from '../../../connection/frame-tap.ts';
import type { InspectedThreadShard } from '../../../shard/inspected-shard.ts';
import { areActiveIn } from '../../../shard/machine-steps.ts';
import type { MachineStep } from '../../../shard/machine-steps.ts';
import { ObserverList } from '../../../shard/observer-list.ts';
import type { StandingRequest } from '../wire/messages.ts';
import type { ShardUpdate } from './shard-channel.ts';

type Update<Kind extends ShardUpdate['kind']> = Extract<ShardUpdate, { kind: Kind }>;
type ObservationRequest = Extract<StandingRequest, 'observeFrames' | 'observeSteps'>;

interface ThreadObservationOptions {
  readonly clock: Clock;
  /** Returns the state in which the manager's thread sees the shard. */
  readonly stateOf: () => ShardState;
  /** Called with what an observer threw. */
  readonly onThrow: (cause: unknown) => void;
}

export class ThreadObservation {
  readonly #clock: Clock;
  readonly #stateOf: () => ShardState;
  readonly #frames: ObserverList<FrameObserver>;
  readonly #steps: ObserverList<(step: MachineStep) => void>;
  /** As the thread has said last. */
  #active: readonly string[] = [];

  constructor({ clock, stateOf, onThrow }: ThreadObservationOptions) {
    this.#clock = clock;
    this.#stateOf = stateOf;
    this.#frames = new ObserverList(onThrow);
    this.#steps = new ObserverList(onThrow);
  }

  /**
   * Returns the view that inspectors have of the shard.
   * @param request - asks each thread of the shard for what an observer wants
   */
  view(
    facts: Pick<InspectedThreadShard, 'worker' | 'options'>,
    request: (what: ObservationRequest) => void,
  ): InspectedThreadShard {
    const activeNow = (): readonly string[] | null =>
      areActiveIn(this.#active, this.#stateOf()) ? this.#active : null;
    return {
      ...facts,
      // A thread that died, or was left, has not said what came last.
      get active() {
        return activeNow();
      },
      observeFrames: (observer) => {
        request('observeFrames');
        const stop = this.#frames.add(observer);
        return { flush: () => undefined, stop };
      },
      observeSteps: (onStep) => {
        request('observeSteps');
        return this.#steps.add(onStep);
      },
    };
  }

  onFrame({ head, at }: Update<'frame'>): void {
    const delayMs = this.#delaySince(at);
    this.#frames.call((observer) => observer.onFrame({ ...head, delayMs }));
  }

  onDispatches({ periodMs, count, firstS, lastS, kinds }: Update<'dispatches'>): void {
    const counts = { periodMs, count, firstS, lastS, kinds: new Map(kinds) };
    this.#frames.call((observer) => observer.onDispatches(counts));
  }

  onActive({ active }: Update<'active'>): void {
    this.#active = active;
  }

  onStep({ event, taken, active, at }: Update<'step'>): void {
    this.#active = active ?? this.#active;
    const step: MachineStep = { event, taken, active: this.#active, delayMs: this.#delaySince(at) };
    this.#steps.call((onStep) => onStep(step));
  }

  #delaySince(at: number): number {
    return Math.max(0, this.#clock.now() - at);
  }
}
