/** `shardwright demo`: a shard and a gateway that misbehaves, for watching. */
import { randomInt } from 'node:crypto';
import type { Command, Values } from './command.ts';
import { textOf } from './command.ts';
import { FAST, NORMAL } from './demo/pace.ts';
import { play } from './demo/show.ts';
import { summary } from './demo/summary.ts';
import { INSPECT_HELP, INSPECT_OPTIONS, inspection } from './inspection.ts';
import { interruption } from './interrupt.ts';
import { Stream, stopwatch } from './stream.ts';
import { UsageError } from './usage-error.ts';
import { VERSION } from '../version.ts';

const LARGEST_SEED = 2 ** 32 - 1;
/** Easy to type again. */
const RANDOM_SEEDS = 100_000;

const HELP = `Usage: shardwright demo [OPTIONS]

Starts a fake gateway with a lively little world in it, connects one shard over a
real WebSocket, and lets the gateway misbehave every few seconds. Each dispatch
carries a serial number, so that what is lost, comes twice or comes out of order is
counted exactly. Ends by itself after about 40 s, with a summary.

Options:
      --fast              the same in about 12 s
      --forever           round after round, until Ctrl-C
      --seed N            repeat a run; without it the seed is random, and printed
${INSPECT_HELP}
  -h, --help              this text

What a seed repeats: ids of guilds and sessions, every dispatch and its content, the
order of the faults, and which dispatches are sent around each. What it does not: times,
how often the shard tries to connect, and how many dispatches arrive by replay.

Before the gateway ends a session (op 9, false) it lets everything sent arrive, and it
sends nothing until there is a new one: what is sent to no session can't be lost.

Heartbeats and waits are shorter than Discord's, or there would be little to see.

Ctrl-C closes cleanly, keeps the session and prints the summary; a second one does not
wait. Exit codes: 0 all is well, Ctrl-C included; 1 a dispatch was lost, came twice or
out of order, the shard did not recover as it must, or it broke a rule of the gateway.
`;

function seedFrom(values: Values): number {
  const text = textOf(values, 'seed');
  if (text === undefined) return randomInt(1, RANDOM_SEEDS);
  const seed = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seed <= LARGEST_SEED)) throw new UsageError(`demo: --seed must be an integer from 0 to ${LARGEST_SEED}`);
  return seed;
}

export const demo: Command = {
  options: { fast: { type: 'boolean' }, forever: { type: 'boolean' }, seed: { type: 'string' }, ...INSPECT_OPTIONS },
  help: HELP,
  async run(values) {
    const seed = seedFrom(values);
    using signal = interruption();
    const stream = new Stream(stopwatch());
    const forever = values['forever'] === true;
    stream.tell('note', `shardwright ${VERSION} demo, seed ${seed}; Ctrl-C ends it${forever ? '' : ' early'}`);
    await using inspector = await inspection(values, stream);
    const tally = await play({ seed, pace: values['fast'] === true ? FAST : NORMAL, forever, stream, signal, inspect: inspector.inspect });
    for (const line of summary(tally, seed, stream.paint)) stream.line(line);
    return tally.isClean ? 0 : 1;
  },
};
