/** What happens in a round of the demo: each fault once, in an order and with dispatches that the dice decide. */
import type { Dice } from './dice.ts';
import { FAULTS } from './faults.ts';
import type { Fault } from './faults.ts';
import type { Pace } from './pace.ts';

export interface Slot {
  readonly fault: Fault;
  /** Sizes of the bursts of dispatches before the fault. */
  readonly before: readonly number[];
  /** From the fault until what the gateway holds back for a while comes back. */
  readonly during: readonly number[];
  readonly after: readonly number[];
}

/** 100 to 300 dispatches a second at a burst every 50 ms. */
const BURST = { least: 5, most: 15 } as const;

/** A pace that wanders, as that of people does. */
function* bursts(dice: Dice): Generator<number, never> {
  let size = dice.between(BURST.least, BURST.most);
  for (;;) {
    yield size;
    size = Math.min(BURST.most, Math.max(BURST.least, size + dice.between(-2, 2)));
  }
}

const take = (from: Generator<number, never>, count: number): number[] => Array.from({ length: count }, () => from.next().value);

export const sizeOf = ({ before, during, after }: Slot): number => [...before, ...during, ...after].reduce((sum, size) => sum + size, 0);

export function planRound(dice: Dice, pace: Pace): Slot[] {
  const flow = bursts(dice);
  const half = Math.floor(pace.bursts.after / 2);
  return dice.shuffled(FAULTS).map((fault) => ({
    fault,
    before: take(flow, pace.bursts.before),
    during: take(flow, half),
    after: take(flow, pace.bursts.after - half),
  }));
}
