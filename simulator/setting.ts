/** Makes the setting of a run from its seed: its length, its network, its limits, and how many faults happen. */
import type { Compression } from '../src/protocol/gateway-url.ts';
import type { Lateness } from './sim-clock.ts';
import { randomFor } from '../src/testing/seeded-random.ts';

export const MAIN_URL = 'wss://main.sim';

/** How dense the faults are: many in a short time, or few over many hours. */
export type Pace = 'storm' | 'day' | 'quiet';

export interface Setting {
  readonly seed: number;
  readonly pace: Pace;
  readonly durationMs: number;
  /** Mean time between two events of the script. */
  readonly gapMs: number;
  readonly shards: number;
  readonly maxConcurrency: number;
  readonly compression: Compression;
  readonly heartbeatIntervalMs: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly lateness: Lateness;
  /** Mean time between two dispatches of a session. */
  readonly trafficMs: number;
  /** How long a session without a connection lives. */
  readonly sessionTtlMs: number;
  /** Which sequence RESUMED has: the next one, the last one again, or none. */
  readonly resumedSequence: 'next' | 'last' | 'none';
  readonly budget: { readonly total: number; readonly remaining: number; readonly resetAfterMs: number };
  readonly shouldReconnect: boolean;
  /** Whether the library runs on the system clock, whose monotonic part stands still while the machine is suspended. */
  readonly hasSystemClock: boolean;
  /** Whether the session store outlives a process. */
  readonly hasStore: boolean;
  readonly maxDispatchSilenceMs: number | null;
  /** The option `maxBufferedBytes`, a few dispatches; `null` for the default, which no run reaches. */
  readonly maxBufferedBytes: number | null;
  /** A manager instead of single shards; `null` without one. `shards` is then the recommended number. */
  readonly manager: ManagerSetting | null;
}

export interface ManagerSetting {
  readonly shards: 'auto' | number;
  /** The option `sessionStartReserve`. */
  readonly reserve: number;
  readonly guilds: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const PACES: Readonly<
  Record<
    Pace,
    { hours: readonly [number, number]; gapMs: readonly [number, number]; trafficMs: readonly [number, number] }
  >
> = {
  storm: { hours: [0.1, 0.7], gapMs: [2_000, 20_000], trafficMs: [400, 20_000] },
  day: { hours: [2, 8], gapMs: [60_000, 400_000], trafficMs: [5_000, 120_000] },
  quiet: { hours: [8, 30], gapMs: [HOUR, 6 * HOUR], trafficMs: [30_000, 600_000] },
};

const LATENESS: Readonly<Record<'exact' | 'usual' | 'busy' | 'overloaded', Lateness>> = {
  exact: { earlyMs: 0, usualMs: 0, worstMs: 0 },
  usual: { earlyMs: 1, usualMs: 2, worstMs: 30 },
  busy: { earlyMs: 1, usualMs: 30, worstMs: 400 },
  overloaded: { earlyMs: 1, usualMs: 250, worstMs: 3_000 },
};

/** Every fifth seed simulates a manager. */
const MANAGER_EVERY = 5;

function managerSettingOf(seed: number): ManagerSetting | null {
  if (seed % MANAGER_EVERY !== 0) return null;
  const random = randomFor(seed, 'fleet');
  return {
    shards: random.chance(0.5) ? 'auto' : random.int(1, 6),
    reserve: random.pick([0, 0, 2, 5]),
    guilds: random.int(3, 16),
  };
}

export function settingOf(seed: number): Setting {
  const random = randomFor(seed, 'setting');
  const pace = random.weighted({ storm: 5, day: 4, quiet: 1.5 });
  const { hours, gapMs, trafficMs } = PACES[pace];
  const durationMs = random.magnitude(hours[0] * HOUR, hours[1] * HOUR);
  const manager = managerSettingOf(seed);
  const shards = manager === null ? Number(random.weighted({ 1: 5, 2: 2, 3: 1, 4: 0.5, 5: 0.5 })) : random.int(1, 6);
  const total = manager === null ? random.int(shards * 8, shards * 16) : random.int(40, 120);
  return {
    seed,
    pace,
    durationMs,
    gapMs: random.magnitude(...gapMs),
    shards,
    maxConcurrency: random.int(1, 3),
    compression: random.weighted({ none: 6, 'zlib-stream': 3, 'zstd-stream': 1, payload: 1 }),
    heartbeatIntervalMs: random.pick([41_250, 41_250, 45_000, 30_000, 10_000]),
    latencyMs: random.magnitude(1, 200),
    jitterMs: random.magnitude(1, 150),
    lateness: LATENESS[random.weighted({ exact: 2, usual: 5, busy: 2, overloaded: 0.7 })],
    trafficMs: random.magnitude(...trafficMs),
    sessionTtlMs: random.magnitude(MINUTE, 15 * MINUTE),
    resumedSequence: random.weighted({ next: 4, last: 1, none: 1 }),
    budget: random.chance(0.15)
      ? { total, remaining: random.int(0, 3), resetAfterMs: random.magnitude(MINUTE, 6 * HOUR) }
      : { total: 100_000, remaining: 100_000, resetAfterMs: 24 * HOUR },
    shouldReconnect: !random.chance(0.05),
    hasStore: random.chance(0.6),
    hasSystemClock: randomFor(seed, 'machine').chance(0.5),
    manager,
    maxDispatchSilenceMs: random.chance(0.08) ? random.magnitude(5 * MINUTE, HOUR) : null,
    maxBufferedBytes: random.chance(0.4) ? random.magnitude(60, 400) : null,
  };
}
