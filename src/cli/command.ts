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
  /** The name of the one argument that it takes beside options, for its help. Without a name it takes none. */
  readonly argument?: string;
  /** Whether the command also works without its argument. */
  readonly isArgumentOptional?: boolean;
  /**
   * Resolves with the exit code.
   * @param argument - the one argument; `''` without one
   */
  run(values: OptionValues, argument: string): Promise<number>;
}

/** The command line is wrong. Its message goes to stderr as one line, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Parsed {
  readonly values: OptionValues;
  readonly argument: string;
}

/** Parses what follows a command, also `--help`. @throws UsageError for an unknown option or a wrong argument */
export function parse(name: string, command: Command, args: readonly string[]): Parsed {
  const { values, positionals } = parseStrictly(name, command.options, args);
  const [argument = '', ...others] = positionals;
  const isComplete =
    command.argument === undefined || command.isArgumentOptional === true || argument !== '' || values['help'] === true;
  // The message does not repeat the argument: it may be a token in the wrong place.
  if (others.length > 0 || (command.argument === undefined && argument !== '') || !isComplete) {
    const expected = command.argument === undefined ? 'options only' : `one ${command.argument}, and options`;
    throw new UsageError(`${name} takes ${expected}; see shardwright ${name} --help`);
  }
  return { values, argument };
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
