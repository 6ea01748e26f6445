/** The options of `npm run bench:cluster`. */
import { parseArgs } from 'node:util';

export const HELP = `npm run bench:cluster -- [options]

Measures nodes, consumers and Redis on this machine, and writes bench/results/cluster.json
and cluster.md. Starts redis-server itself. Takes about 15 minutes on an idle machine.

  --quick         check that the bench works, in about a minute; the figures mean nothing
  --only PATTERN  measure only the cases whose id matches this text or regular expression
  --rounds N      the rounds of the backlog (9; with --quick 1); other kinds scale with it
  --capacity      measure nothing; print what bots of several sizes need, by the published results
  --per-shard N   for --capacity: the events that a shard gets per second (default: as measured, 20)
  --results FILE  for --capacity: other results
  --list          print the cases
  --help          print this help

A run with --quick, --only or fewer rounds, or with more load before it than the machine has
cores, goes to .cache/bench/, and does not replace the published results. npm run bench:report writes the published results into docs/cluster.md.
`;

export interface Options {
  readonly quick: boolean;
  readonly only: RegExp | null;
  readonly rounds: number | null;
  readonly capacity: boolean;
  readonly perShard: number | null;
  readonly results: string | null;
  readonly list: boolean;
  readonly help: boolean;
}

function positive(name: string, text: string | undefined, isWhole: boolean): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && (!isWhole || Number.isSafeInteger(value))) return value;
  throw new Error(`--${name} must be a positive ${isWhole ? 'integer' : 'number'}`);
}

/** Returns the options. @throws an error with one line that says what is wrong */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      capacity: { type: 'boolean', default: false },
      'per-shard': { type: 'string' },
      results: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { quick, only, capacity, results = null, list, help } = values;
  return {
    quick,
    only: only === undefined ? null : new RegExp(only, 'i'),
    rounds: positive('rounds', values.rounds, true),
    capacity,
    perShard: positive('per-shard', values['per-shard'], false),
    results,
    list,
    help,
  };
}
