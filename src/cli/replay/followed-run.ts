/** Follows a shard or a manager through a replay, and takes the steps that the user of the recorded one took. */
import type { Clock } from '../../clock.ts';
import type { StateFollower, UserStep } from './state-follower.ts';

export interface FollowedRunOptions {
  readonly follower: StateFollower;
  readonly clock: Clock;
  /** How long the replay may take. */
  readonly allowedMs: number;
  /** Takes a step. A rejection shows in the states. */
  readonly perform: (method: UserStep['method']) => Promise<void>;
  /** Returns after how many ms a step is due; `null` if it is not yet, or not the user's. By default after its delay. */
  readonly dueIn?: (step: UserStep) => number | null;
}

export class FollowedRun {
  readonly #options: FollowedRunOptions;
  readonly #timers = new Set<unknown>();
  readonly #done = Promise.withResolvers<void>();
  /** The number of the change for which a step was taken. */
  #taken = -1;

  constructor(options: FollowedRunOptions) {
    this.#options = options;
    const { follower, allowedMs } = options;
    this.#later(allowedMs, () => {
      follower.ended();
      this.check();
    });
  }

  /** Resolves when all recorded states were passed, something else happened, or the time is over. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  changed(change: { readonly from: string; readonly to: string }): void {
    this.#options.follower.changed(change);
    this.check();
  }

  /** Takes the next step if it is due. Call it whenever something has changed. */
  check(): void {
    const { follower, perform, dueIn = ({ delayMs }) => delayMs } = this.#options;
    if (follower.isOver) {
      this.#stop();
      return;
    }
    const { userStep } = follower;
    if (userStep === null || userStep.change <= this.#taken) return;
    const delayMs = dueIn(userStep);
    if (delayMs === null) return;
    this.#taken = userStep.change;
    this.#later(delayMs, () => void perform(userStep.method).catch(() => undefined));
  }

  #stop(): void {
    for (const timer of this.#timers) this.#options.clock.clearTimeout(timer);
    this.#timers.clear();
    this.#done.resolve();
  }

  #later(delayMs: number, callback: () => void): void {
    this.#timers.add(this.#options.clock.setTimeout(callback, delayMs));
  }
}
