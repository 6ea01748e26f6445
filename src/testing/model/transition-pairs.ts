/** Pairs of consecutive transitions: most mistakes in a chart are in what one state leaves behind for the next. */

/** The ids of transitions that a machine takes together, in one microstep. */
export type Microstep = readonly string[];

export const pairId = (first: string, second: string): string => `${first} → ${second}`;

/** Returns the pairs that end in one of these microsteps. The microstep before them is `last`. */
export function pairsIn(last: Microstep, microsteps: readonly Microstep[]): string[] {
  const pairs: string[] = [];
  let before = last;
  for (const microstep of microsteps) {
    for (const first of before) {
      for (const second of microstep) pairs.push(pairId(first, second));
    }
    before = microstep;
  }
  return pairs;
}
