/** The options of `npm run bench`. */
import { parseArgs } from 'node:util';

export const HELP = `npm run bench -- [options]

Measures the shard, the floors it is held against and other gateway clients, and writes
bench/results/latest.json and latest.md. Takes about 20 minutes on a machine with nothing else to do.

  --quick         a minute or so, to see that all of it works; the figures mean nothing
  --only PATTERN  cases whose id has this text in it, or matches it as a regular expression
  --rounds N      rounds of the backlog (default 9, with --quick 1); the other kinds keep their share
  --list          the cases, and those that can't be measured here
  --help          this

A run with --quick, --only or --rounds below the default is written to .cache/bench/ instead: it never replaces what is
published. Afterwards npm run bench:report writes the figures into docs/performance.md and the README.
zlib-sync is measured once npm run bench:native has built it.
`;

export interface Options {
  readonly quick: boolean;
  readonly only: RegExp | null;
  readonly rounds: number | null;
  readonly list: boolean;
  readonly help: boolean;
}

/** @throws with one line that says what is wrong */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (rounds !== null && !(Number.isSafeInteger(rounds) && rounds > 0))
    throw new Error('--rounds takes a positive integer');
  return {
    quick: values.quick,
    only: values.only === undefined ? null : new RegExp(values.only, 'i'),
    rounds,
    list: values.list,
    help: values.help,
  };
}
