/** The options of `npm run bench`. */
import { parseArgs } from 'node:util';

export const HELP = `npm run bench -- [options]

Measures shardwright, the floors and other gateway clients, and adds a run to
bench/results/runs/. Takes 10 to 15 minutes.

  --quick         the floors, shardwright and @discordjs/ws only; takes about two minutes
  --only PATTERN  measure only the cases whose id matches this text or regular expression
  --rounds N      the rounds of a generation of the backlog (6); other kinds scale with it
  --list          print the cases, and which can't be measured on this machine
  --help          print this help

A run with --quick, --only or fewer rounds goes to .cache/bench/, and does not count.
npm run bench:report writes the range of all runs into README.md and docs/performance.md.
To measure zlib-sync, run npm run bench:native first.
`;

export interface Options {
  readonly quick: boolean;
  readonly only: RegExp | null;
  readonly rounds: number | null;
  readonly list: boolean;
  readonly help: boolean;
}

/** Returns the options. @throws an error with one line that says what is wrong */
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
    throw new Error('--rounds must be a positive integer');
  return {
    quick: values.quick,
    only: values.only === undefined ? null : new RegExp(values.only, 'i'),
    rounds,
    list: values.list,
    help: values.help,
  };
}
