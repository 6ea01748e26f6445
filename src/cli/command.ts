/** What a subcommand is, and how its options are read: anything unknown is said in one line, by name only. */
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { messageOf } from '../protocol/errors.ts';
import { UsageError } from './usage-error.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** The options as they were given. */
export type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export interface Command {
  readonly options: Options;
  /** What `--help` prints. */
  readonly help: string;
  /** Gives back the exit code. */
  run(values: OptionValues): Promise<number>;
}

/** `--help` is understood everywhere. @throws UsageError for what is not */
export function parse(name: string, options: Options, args: readonly string[]): OptionValues {
  const { values, positionals } = parseStrictly(name, options, args);
  // Not repeated: it may be a token that was put in the wrong place.
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
    // The first sentence is what is wrong, the rest is advice about `--`.
    const [problem = ''] = messageOf(error).split(/\. |\n/);
    const message = `${problem.charAt(0).toLowerCase()}${problem.slice(1)}`.replace(/\.$/, '');
    throw new UsageError(`${name}: ${message}; see shardwright ${name} --help`, { cause: error });
  }
}

export const stringOption = (values: OptionValues, option: string): string | undefined => {
  const value = values[option];
  return typeof value === 'string' ? value : undefined;
};
