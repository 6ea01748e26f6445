/** What every subcommand has in common, and how its options are parsed. */
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { messageOf } from '../protocol/network-errors.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** The options from the command line. */
export type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export interface Command {
  readonly options: Options;
  /** The text of `--help`. */
  readonly help: string;
  /** Resolves with the exit code. */
  run(values: OptionValues): Promise<number>;
}

/** The command line is wrong. Its message goes to stderr as one line, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Parses the options of a command, and `--help`. @throws UsageError for an unknown option or an argument */
export function parse(name: string, options: Options, args: readonly string[]): OptionValues {
  const { values, positionals } = parseStrictly(name, options, args);
  // The message does not repeat the argument: it may be a token in the wrong place.
  if (positionals.length > 0) throw new UsageError(`${name} takes options only; see shardwright ${name} --help`);
  return values;
}

function parseStrictly(name: string, options: Options, args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
  } catch (error) {
    // The first sentence names the problem; the rest is advice about `--`.
    const [problem = ''] = messageOf(error).split(/\. |\n/);
    const message = `${problem.charAt(0).toLowerCase()}${problem.slice(1)}`.replace(/\.$/, '');
    throw new UsageError(`${name}: ${message}; see shardwright ${name} --help`, { cause: error });
  }
}

export const stringOption = (values: OptionValues, option: string): string | undefined => {
  const value = values[option];
  return typeof value === 'string' ? value : undefined;
};
