/** `shardwright demo`: a shard, or many, and a gateway that misbehaves, for watching. */
import type { Command } from './command.ts';
import { stringOption } from './command.ts';
import type { OptionValues } from './command.ts';
import { runManagerDemo } from './demo/run-manager-demo.ts';
import { FAST, NORMAL } from './demo/pace.ts';
import { seedFrom } from './demo/seed.ts';
import { runDemo } from './demo/run-demo.ts';
import { summary } from './demo/summary.ts';
import { INSPECT_HELP, INSPECT_OPTIONS, inspectorFrom } from './inspect-option.ts';
import { interruptSignal } from './interrupt.ts';
import { OutputLog, stopwatch } from './output-log.ts';
import { UsageError } from './usage-error.ts';
import { VERSION } from '../version.ts';

const MAX_SHARDS = 1_000;
const MAX_WORKERS = 64;

const HELP = `Usage: shardwright demo [OPTIONS]

Starts a fake gateway with a lively little world in it, connects one shard over a
real WebSocket, and lets the gateway misbehave every few seconds. Each dispatch
carries a serial number, so that what is lost, comes twice or comes out of order is
counted exactly. Ends by itself after about 40 s, with a summary.

Options:
      --fast              the same in about 12 s
      --forever           round after round, until Ctrl-C
      --shards N          many: a ShardManager with so many shards, up to ${MAX_SHARDS}
      --workers N         with --shards: so many worker threads (0: none, all in one)
      --seed N            repeat a run; without it the seed is random, and printed
${INSPECT_HELP}
  -h, --help              this text

What a seed repeats: ids of guilds and sessions, every dispatch and its content, the
order of the faults, and which dispatches are sent around each. What it does not: times,
how often the shard tries to connect, and how many dispatches arrive by replay.

Before the gateway ends a session (op 9, false) it lets everything sent arrive, and it
sends nothing until there is a new one: what is sent to no session can't be lost.

With --shards each fault hits one shard, a few, or a quarter of them, and each shard has
a book of its own. shardwright status shows them meanwhile, at the address it prints.

Heartbeats and waits are shorter than Discord's, or there would be little to see.

Ctrl-C closes cleanly, keeps the session and prints the summary; a second one does not
wait. Exit codes: 0 all is well, Ctrl-C included; 1 a dispatch was lost, came twice or
out of order, a shard did not recover as it must, or it broke a rule of the gateway;
2 an option is wrong.
`;

/** @throws UsageError for what is no number within bounds */
function numberFrom(values: OptionValues, option: string, min: number, max: number): number | null {
  const text = stringOption(values, option);
  if (text === undefined) return null;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max))
    throw new UsageError(`demo: --${option} must be an integer from ${min} to ${max}`);
  return number;
}

export const demo: Command = {
  options: {
    fast: { type: 'boolean' },
    forever: { type: 'boolean' },
    shards: { type: 'string' },
    workers: { type: 'string' },
    seed: { type: 'string' },
    ...INSPECT_OPTIONS,
  },
  help: HELP,
  async run(values) {
    const seed = seedFrom('demo', values);
    const shards = numberFrom(values, 'shards', 1, MAX_SHARDS);
    const workers = numberFrom(values, 'workers', 0, MAX_WORKERS);
    if (shards === null && workers !== null)
      throw new UsageError('demo: --workers needs --shards: one shard alone lives in this thread');
    using signal = interruptSignal();
    const output = new OutputLog(stopwatch());
    const forever = values['forever'] === true;
    output.log('note', `shardwright ${VERSION} demo, seed ${seed}; Ctrl-C ends it${forever ? '' : ' early'}`);
    await using inspector = await inspectorFrom(values, output);
    const { inspect } = inspector;
    const demoOptions = { seed, pace: values['fast'] === true ? FAST : NORMAL, forever, output, signal, inspect };
    const stats =
      shards === null
        ? await runDemo(demoOptions)
        : await runManagerDemo({ ...demoOptions, shards, workers: workers ?? 0 });
    for (const line of summary(stats, seed, output.colorize)) output.line(line);
    return stats.isClean ? 0 : 1;
  },
};
