#!/usr/bin/env node
/** The program `shardwright`: finds the subcommand, and turns whatever it comes to into one line and an exit code. */
import { COMMANDS } from './commands.ts';
import { parse } from './command.ts';
import { programHelp } from './help.ts';
import { UsageError } from './usage-error.ts';
import { messageOf } from '../protocol/errors.ts';
import { VERSION } from '../version.ts';

/** Fit to be repeated; anything else may be something that was pasted by mistake. */
const LOOKS_LIKE_A_COMMAND = /^[a-z-]{1,20}$/i;

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(programHelp());
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
    throw new UsageError(`unknown ${what}; shardwright --help lists what there is`);
  }
  const command = await entry.load();
  const values = parse(entry.name, command.options, args);
  if (values['help'] === true) {
    process.stdout.write(command.help);
    return 0;
  }
  return command.run(values);
}

// Whoever reads our output may stop at any line, as `head` does.
process.stdout.on('error', () => process.exit(0));

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`shardwright: ${messageOf(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
