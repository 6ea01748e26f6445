/**
 * Says when a member should look who has what. It looks at once when it is concerned, and later at what others do
 * among themselves: a look reads a row of each shard, and in a roll-out of a large cluster thousands of shards move.
 */
import type { Clock } from '../../clock.ts';
import type { Ownership } from '../ports/ownership.ts';

/** How old the view of a member may get while only others are concerned. */
const OTHERS_MS = 1_000;

export interface PacedChangesOptions {
  readonly clock: Clock;
  /** The member that looks. */
  readonly instance: string;
  readonly onChange: () => void;
}

/** Returns a function that ends it. */
export function pacedChanges(ownership: Ownership, { clock, instance, onChange }: PacedChangesOptions): () => void {
  let timer: unknown = null;
  const call = (): void => {
    clock.clearTimeout(timer);
    timer = null;
    onChange();
  };
  const end = ownership.changes((onlyFor) => {
    if (onlyFor === undefined || onlyFor === instance) call();
    else timer ??= clock.setTimeout(call, OTHERS_MS);
  });
  return () => {
    end();
    clock.clearTimeout(timer);
  };
}
