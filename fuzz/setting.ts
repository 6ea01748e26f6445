/** Makes the setting of a case from its seed: which bot, which transport, how it listens, and how long the case is. */
import type { Compression } from '../src/index.ts';
import { randomFor } from '../src/testing/seeded-random.ts';
import { EVENT_NAMES } from './messages.ts';

/**
 * How the bot takes dispatches: in `dispatch` listeners, in listeners by name, from `dispatches()`, or in a listener
 * that reads the data in a later turn.
 */
export type Listening = 'dispatch' | 'byName' | 'stream' | 'later';

export interface Setting {
  readonly seed: number;
  /** Worker threads of a manager; `null` for one `Shard` without a manager. */
  readonly workers: number | null;
  readonly shards: number;
  readonly compression: Compression;
  readonly listening: Listening;
  /** The names that the bot listens to; `null` for all. */
  readonly names: readonly string[] | null;
  /** Whether `names` is the option `events`. */
  readonly hasEventsOption: boolean;
  readonly hasRaw: boolean;
  /** How many dispatches that the client has already a replay repeats. */
  readonly repeats: number;
  readonly steps: number;
  /** How many resumes may fail in a row; `null` for a bot that never gives its session up. */
  readonly maxResumeAttempts: number | null;
}

/** A reader that reads later loses a dispatch whose data is broken, as documented; others get it again. */
export const readsLater = ({ listening }: Setting): boolean => listening === 'stream' || listening === 'later';

/** Threads take long to start, so one manager goes through many steps. */
export const MANAGER_EVERY = 12;

export function settingOf(seed: number): Setting {
  const random = randomFor(seed, 'setting');
  const hasManager = seed % MANAGER_EVERY === 0;
  const workers = hasManager ? random.pick([1, 1, 2]) : null;
  const listening = random.weighted({ dispatch: 5, byName: 2, stream: 2, later: 2 });
  const names = random.shuffled([...EVENT_NAMES, 'READY', 'RESUMED']).slice(0, random.int(2, 7));
  const hasEventsOption = random.chance(0.2);
  return {
    seed,
    workers,
    shards: hasManager ? random.int(1, 3) : 1,
    compression: random.weighted({ none: 2, payload: 2, 'zlib-stream': 3, 'zstd-stream': 3 }),
    listening,
    names: listening === 'byName' || hasEventsOption ? names : null,
    hasEventsOption,
    // A thread may not be able to send what is nested too deep.
    hasRaw: !hasManager && random.chance(0.15),
    repeats: random.pick([0, 0, 1, 3]),
    steps: hasManager ? random.int(100, 200) : random.int(20, 80),
    // A manager resumes on its own account too.
    maxResumeAttempts: !hasManager && random.chance(0.3) ? random.int(2, 5) : null,
  };
}
