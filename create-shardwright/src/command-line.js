/** The arguments of the command, and its help. */
import { parseArgs } from 'node:util';
import { LANGUAGES, PACKAGE_MANAGERS, TEMPLATES, isChoice } from './choices.js';

/** The command line is wrong. The exit code is then 2. */
export class UsageError extends Error {}

/** @param {Record<string, { summary: string }>} choices */
const listOf = (choices) =>
  Object.entries(choices)
    .map(([name, { summary }]) => `      ${name.padEnd(17)}${summary}`)
    .join('\n');

export const HELP = `create-shardwright: creates a Discord bot that runs on shardwright

Usage: npm create shardwright [FOLDER] -- [OPTIONS]

It creates FOLDER, which is also the name of the bot, and asks for what the options do not say.

Options:
  --template NAME         what the bot is built on; default: plain
${listOf(TEMPLATES)}
  --language NAME         the language of the bot; default: typescript if this Node runs it
${listOf(LANGUAGES)}
  --package-manager NAME  whose commands to show: ${Object.keys(PACKAGE_MANAGERS).join(', ')}; default: the one that runs this
  -y, --yes               asks nothing, and takes the defaults; FOLDER is then my-bot
  -h, --help              prints this help

Exit codes: 0 success, 1 failure, 2 the command line is wrong.
`;

/** What people write for a name in the help. */
const ALIASES = new Map([
  ['ts', 'typescript'],
  ['js', 'javascript'],
  ['discordjs', 'discord.js'],
]);

/**
 * @template {object} Choices
 * @param {string} option
 * @param {Choices} choices
 * @param {string | undefined} given
 * @returns {Extract<keyof Choices, string> | undefined}
 */
function choiceOf(option, choices, given) {
  if (given === undefined) return undefined;
  const name = ALIASES.get(given) ?? given;
  if (!isChoice(choices, name)) throw new UsageError(`--${option} must be ${Object.keys(choices).join(', ')}`);
  return name;
}

/** @param {readonly string[]} args */
function parseStrictly(args) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        template: { type: 'string' },
        language: { type: 'string' },
        'package-manager': { type: 'string' },
        yes: { type: 'boolean', short: 'y', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    // The first sentence names the problem; the rest is advice about `--`.
    const [problem] = error instanceof Error ? error.message.split(/\. |\n/) : [String(error)];
    throw new UsageError(`${problem}; see npm create shardwright -- --help`, { cause: error });
  }
}

/** @param {readonly string[]} args */
export function parseCommandLine(args) {
  const { values, positionals } = parseStrictly(args);
  const [directory, ...others] = positionals;
  if (others.length > 0) throw new UsageError(`give one folder, not ${positionals.length}: ${positionals.join(' ')}`);
  return {
    help: values.help,
    yes: values.yes,
    answers: {
      directory,
      template: choiceOf('template', TEMPLATES, values.template),
      language: choiceOf('language', LANGUAGES, values.language),
      packageManager: choiceOf('package-manager', PACKAGE_MANAGERS, values['package-manager']),
    },
  };
}
