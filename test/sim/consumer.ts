/** A consumer of `dispatches()`, fast or slow, that may leave at any time. */
import type { Life } from './life.ts';

export interface Plan {
  readonly highWaterMark: number;
  readonly events: readonly string[] | null;
  /** How long it works on each. */
  readonly eachMs: number;
  /** After so many it leaves. */
  readonly most: number;
  readonly signal: AbortSignal | undefined;
}

export function consume(life: Life, plan: Plan): void {
  const { chronicle, clock } = life.world;
  const id = life.slot.nextId();
  const dispatches = life.shard.dispatches({
    highWaterMark: plan.highWaterMark,
    ...(plan.events === null ? {} : { events: [...plan.events] }),
    ...(plan.signal === undefined ? {} : { signal: plan.signal }),
  });
  chronicle.tell('stream.opened', { life, id, events: plan.events, signal: plan.signal });
  let hasLeft = plan.signal?.aborted === true;
  life.leaves.push(() => {
    hasLeft = true;
    chronicle.tell('stream.left', { life, id });
    void dispatches.return?.();
  });
  const run = async (): Promise<void> => {
    let taken = 0;
    for await (const dispatch of dispatches) {
      chronicle.tell('stream.took', { life, id, dispatch });
      taken += 1;
      hasLeft ||= taken >= plan.most;
      if (hasLeft) return;
      if (plan.eachMs > 0 && !life.world.isHealed) await new Promise<void>((resolve) => void clock.later(resolve, plan.eachMs));
    }
  };
  const end = (error: unknown): void => chronicle.tell('stream.ended', { life, id, hasLeft, error });
  run().then(() => end(null), end);
}
