/** Which transitions come right after which: what a chart does one at a time is right more often than what it does in a row. */

/** Transitions taken together, in one microstep. */
export type Microstep = readonly string[];

export const pairId = (first: string, second: string): string => `${first} → ${second}`;

/** The pairs that end in one of these microsteps, which follow upon `last`. */
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
