/** The help of the program as a whole. */
import { VERSION } from '../version.ts';
import { COMMANDS } from './commands.ts';

const NAME_WIDTH = 10;

export const programHelp = (): string => `shardwright ${VERSION}: a Discord gateway shard you can watch at work

Usage: shardwright COMMAND [OPTIONS]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(NAME_WIDTH)}${summary}`).join('\n')}

Options:
  -h, --help     this text; after a command, the help of the command
  -v, --version  the version

Exit codes: 0 all is well, 1 it went wrong, 2 the command line is wrong.
Colours are used on a terminal only, and never when NO_COLOR is set.
`;
