/** Plans a round of the demo: each fault once. The seed decides their order, and the dispatches around them. */
import type { SeededRandom } from '../../testing/seeded-random.ts';
import { FAULTS } from './faults.ts';
import type { Fault } from './faults.ts';
import type { Pace } from './pace.ts';

export interface FaultStep {
  readonly fault: Fault;
  /** The sizes of the bursts before the fault. */
  readonly before: readonly number[];
  /** The sizes of the bursts from the fault until a lasting fault ends. */
  readonly during: readonly number[];
  readonly after: readonly number[];
}

/** With a burst every 50 ms this makes 100 to 300 dispatches per second. */
const BURST = { min: 5, max: 15 } as const;

/** Yields burst sizes that change little by little. */
function* bursts(random: SeededRandom): Generator<number, never> {
  let size = random.int(BURST.min, BURST.max);
  for (;;) {
    yield size;
    size = Math.min(BURST.max, Math.max(BURST.min, size + random.int(-2, 2)));
  }
}

const nextSizes = (from: Generator<number, never>, count: number): number[] =>
  Array.from({ length: count }, () => from.next().value);

export const dispatchCount = ({ before, during, after }: FaultStep): number =>
  [...before, ...during, ...after].reduce((sum, size) => sum + size, 0);

export function planRound(random: SeededRandom, pace: Pace): FaultStep[] {
  const sizes = bursts(random);
  const half = Math.floor(pace.bursts.after / 2);
  return random.shuffled(FAULTS).map((fault) => ({
    fault,
    before: nextSizes(sizes, pace.bursts.before),
    during: nextSizes(sizes, half),
    after: nextSizes(sizes, pace.bursts.after - half),
  }));
}
