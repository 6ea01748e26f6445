/** Gives inspectors read access to a running shard: to its state and a few numbers, never to payloads or the token. */
import type { AnyActorRef } from 'xstate';
import type { ShardState } from '../../machines/index.ts';
import { inspectIdentifyGate } from '../identify/identify-gate.ts';
import type { IdentifyQueue } from '../identify/identify-gate.ts';
import { isThenable } from './emitter.ts';
import type { FrameObservation, FrameObserver } from '../connection/frame-tap.ts';
import { inspectedOptions } from './inspected-options.ts';
import type { InspectedOptions } from './inspected-options.ts';
import type { InspectedBackPressure, InspectedShard, SendWindow } from './inspected-shard.ts';
import { activeStatesOf } from './machine-steps.ts';
import type { MachineStep } from './machine-steps.ts';
import type { ShardEvents } from './shard-events.ts';
import type { ShardRuntime } from './shard-runtime.ts';

/** Reads from the runtime at each access; it stores nothing. */
class InspectedShardView implements InspectedShard {
  readonly #runtime: ShardRuntime;

  constructor(runtime: ShardRuntime) {
    this.#runtime = runtime;
  }

  get shardId(): number {
    return this.#runtime.options.shardId;
  }

  get shardCount(): number {
    return this.#runtime.options.shardCount;
  }

  get state(): ShardState {
    return this.#runtime.state;
  }

  get actor(): AnyActorRef {
    return this.#runtime.actor;
  }

  get active(): readonly string[] {
    return activeStatesOf(this.#runtime.actor);
  }

  get pingMs(): number | null {
    return this.#runtime.heartbeatTracker.ping;
  }

  get sequence(): number | null {
    return this.#runtime.session.sequence;
  }

  get lastDispatchAt(): number | null {
    return this.#runtime.activityTimes.lastDispatchAt;
  }

  get pendingSends(): number {
    return this.#runtime.queue.pending;
  }

  get options(): InspectedOptions {
    const { options } = this.#runtime;
    return inspectedOptions(options, options.url);
  }

  get backPressure(): InspectedBackPressure {
    const { isReadingPaused: isPaused, backPressure } = this.#runtime;
    return { isPaused, bufferedBytes: backPressure.budget.bytes };
  }

  get sendWindow(): SendWindow | null {
    return this.#runtime.connectionSlot.connection?.limiter.window ?? null;
  }

  get identifyQueue(): IdentifyQueue | null {
    return inspectIdentifyGate(this.#runtime.options.identifyGate);
  }

  observeFrames(observer: FrameObserver): FrameObservation {
    return this.#runtime.frameTap.add(observer);
  }

  observeSteps(onStep: (step: MachineStep) => void): () => void {
    return this.#runtime.stepTap.add(onStep);
  }

  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void {
    this.#runtime.emitter.on(name, listener);
  }

  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void {
    this.#runtime.emitter.off(name, listener);
  }
}

/**
 * Passes the shard to each inspector that has `attach`. If `attach` throws, that is a fault, and the inspector sees no
 * more than XState's inspection events.
 */
export function attachInspector(runtime: ShardRuntime): void {
  if (runtime.options.inspect === undefined) return;
  const { reportObserverError: report } = runtime;
  const view = new InspectedShardView(runtime);
  for (const observer of runtime.options.inspect) {
    try {
      const result: unknown = observer.attach?.(view);
      if (isThenable(result)) result.then(undefined, report);
    } catch (cause) {
      // The user had no chance yet to listen for faults.
      queueMicrotask(() => report(cause));
    }
  }
}
