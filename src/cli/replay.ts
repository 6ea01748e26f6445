/** `shardwright replay`: runs a recording against this version, and says whether the same states are passed. */
import { GatewayError } from '../index.ts';
import { printableJson } from '../protocol/printable.ts';
import { UsageError, stringOption } from './command.ts';
import type { Command } from './command.ts';
import { runReplay } from './replay/run-replay.ts';
import type { ReplayedStates } from './replay/run-replay.ts';

const DEFAULT_SPEED = 10;
const MAX_SPEED = 100;

const HELP = `Usage: shardwright replay FILE|DIRECTORY [OPTIONS]

Runs a recording again: a gateway on this machine does what the recorded one did, and
shards of this version connect to it, with a manager if the recorded ones had one. Says
for the manager and for each shard whether it passed the same states, and otherwise where
the first difference is. Needs neither a token nor a network. How often a shard tries to
connect during an outage is not compared. Other shards, after a reshard(), are not replayed.

Of a directory with several processes, the one that started last is replayed.

Options:
      --speed N           how much faster than recorded, up to ${MAX_SPEED}; ${DEFAULT_SPEED} without it
      --json              print one line of JSON
  -h, --help              print this help

Exit codes: 0 the same states; 1 other states, or there is no recording that can be read;
2 an option is wrong.
`;

function speedFrom(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SPEED;
  const speed = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (speed <= 0 || speed > MAX_SPEED)
    throw new UsageError(`replay: --speed must be a number above 0, at most ${MAX_SPEED}`);
  return speed;
}

const lineOf = (name: string, { changes, difference }: ReplayedStates): string =>
  difference === null ? `${name}: the same ${changes} changes of state` : `${name}: ${difference.text}`;

export const replay: Command = {
  options: { speed: { type: 'string' }, json: { type: 'boolean' } },
  argument: 'FILE or DIRECTORY',
  help: HELP,
  async run(values, path) {
    const speed = speedFrom(stringOption(values, 'speed'));
    const { manager, shards } = await runReplay(path, speed).catch((error: unknown) => {
      throw error instanceof GatewayError ? new Error(`${error.message}. ${error.hint}`, { cause: error }) : error;
    });
    const isSame = [...(manager === null ? [] : [manager]), ...shards].every(({ difference }) => difference === null);
    const lines = [
      ...(manager === null ? [] : [lineOf('manager', manager)]),
      ...shards.map((shard) => lineOf(`shard ${shard.shardId}`, shard)),
    ];
    const report = { isSame, speed, manager, shards };
    process.stdout.write(`${values['json'] === true ? printableJson(report) : lines.join('\n')}\n`);
    return isSame ? 0 : 1;
  },
};
