#!/usr/bin/env node
/** The program `shardwright`: runs a subcommand, and turns an error into one line on stderr and an exit code. */
import { UsageError, parse } from './command.ts';
import { COMMANDS } from './commands.ts';
import { nodeRefusal } from '../protocol/node-version.ts';
import { messageOf } from '../protocol/network-errors.ts';
import { printable } from '../protocol/printable.ts';
import { VERSION } from '../version.ts';

const NAME_WIDTH = 10;

const HELP = `shardwright ${VERSION}: keeps Discord bots connected to the gateway

Usage: shardwright COMMAND [OPTIONS]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(NAME_WIDTH)}${summary}`).join('\n')}

Options:
  -h, --help     print this help; after a command, the help of that command
  -v, --version  print the version

Exit codes: 0 success, 1 failure, 2 the command line is wrong.
Colours appear on a terminal only; NO_COLOR=1 turns them off.
`;

/** Names that an error may repeat. Any other text may be a token that was pasted by mistake. */
const LOOKS_LIKE_A_COMMAND = /^[a-z-]{1,20}$/i;

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const entry = COMMANDS.find((command) => command.name === name);
  if (entry === undefined) {
    const kind = name.startsWith('-') ? 'option' : 'command';
    const what = LOOKS_LIKE_A_COMMAND.test(name) ? `${kind} '${name}'` : kind;
    throw new UsageError(`unknown ${what}; see shardwright --help`);
  }
  const refusal = nodeRefusal();
  if (refusal !== null) {
    process.stderr.write(`${refusal}\n`);
    return 1;
  }
  const command = await entry.load();
  const { values, argument } = parse(entry.name, command, args);
  if (values['help'] === true) {
    process.stdout.write(command.help);
    return 0;
  }
  return command.run(values, argument);
}

// A reader such as `head` may close the pipe at any line.
process.stdout.on('error', () => process.exit(0));

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`shardwright: ${printable(messageOf(error))}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
