/** A consumer of `dispatches()`. It may be slow, and may stop at any time. */
import type { AnyEventName } from '../src/index.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export interface ConsumerPlan {
  readonly highWaterMark: number;
  readonly events: readonly string[] | null;
  /** How long the consumer works before it takes more. */
  readonly workMs: number;
  /** How many dispatches it takes before it works. Default: one. */
  readonly takes?: number;
  /** The consumer leaves the stream after this many dispatches. */
  readonly maxDispatches: number;
  readonly signal: AbortSignal | undefined;
}

export function consume(proc: SimulatedProcess, plan: ConsumerPlan): void {
  const { eventLog, clock } = proc.world;
  const id = proc.place.nextId();
  const dispatches = proc.dispatches({
    highWaterMark: plan.highWaterMark,
    ...(plan.events === null ? {} : { events: plan.events as readonly AnyEventName[] }),
    ...(plan.signal === undefined ? {} : { signal: plan.signal }),
  });
  eventLog.record('stream.opened', { proc, id, events: plan.events, signal: plan.signal });
  let hasLeft = plan.signal?.aborted === true;
  proc.streamExits.push(() => {
    hasLeft = true;
    eventLog.record('stream.left', { proc, id });
    void dispatches.return?.();
  });
  const run = async (): Promise<void> => {
    let consumed = 0;
    for await (const dispatch of dispatches) {
      eventLog.record('stream.consumed', { proc, id, dispatch });
      consumed += 1;
      hasLeft ||= consumed >= plan.maxDispatches;
      if (hasLeft) return;
      if (plan.workMs === 0 || consumed % (plan.takes ?? 1) !== 0 || proc.world.isHealed) continue;
      proc.busyConsumers += 1;
      await new Promise<void>((resolve) => void clock.scheduleInProcess(resolve, plan.workMs));
      proc.busyConsumers -= 1;
    }
  };
  const end = (error: unknown): void => eventLog.record('stream.ended', { proc, id, hasLeft, error });
  run().then(() => end(null), end);
}
