/** `shardwright demo`: shows how one shard, or many, recover from a gateway that misbehaves. */
import { GatewayError } from '../index.ts';
import { UsageError, stringOption } from './command.ts';
import type { Command, OptionValues } from './command.ts';
import { runManagerDemo } from './demo/run-manager-demo.ts';
import { FAST, NORMAL } from './demo/pace.ts';
import { seedFrom } from './demo/seed.ts';
import { runDemo } from './demo/run-demo.ts';
import { summary } from './demo/summary.ts';
import { INSPECT_HELP, INSPECT_OPTIONS, inspectorFrom } from './inspect-option.ts';
import { interruptSignal } from './interrupt.ts';
import { OutputLog, stopwatch } from './output-log.ts';
import { resolveProxy } from '../http/proxy/proxy-selection.ts';
import { VERSION } from '../version.ts';

const DISCORD_GATEWAY = 'wss://gateway.discord.gg';
const MAX_SHARDS = 1_000;
const MAX_WORKERS = 64;

const HELP = `Usage: shardwright demo [OPTIONS]

Starts a fake gateway, connects one shard to it over a real WebSocket, and makes the
gateway misbehave every few seconds. Every dispatch carries a serial number, so that the
summary counts lost, repeated and misordered dispatches exactly. Takes about 40 s, and
needs neither a token nor a network.

Options:
      --fast              finish in about 12 s
      --forever           repeat until Ctrl-C
      --shards N          run a ShardManager with N shards, up to ${MAX_SHARDS}
      --workers N         with --shards: the number of worker threads (0: this thread)
      --seed N            repeat a run; without it the seed is random, and printed
${INSPECT_HELP}
  -h, --help              print this help

A seed repeats the ids of guilds and sessions, every dispatch and its content, the order
of the faults, and which dispatches are sent around each fault. It does not repeat times,
the number of connection attempts, or how many dispatches arrive by replay.

Before the gateway ends a session (op 9, false), everything it sent has to arrive. Until
there is a new session it sends nothing, because no session could replay it.

With --shards each fault hits one shard, four, or a quarter of them. To watch all shards
meanwhile, run shardwright status with the address that the demo prints.

Heartbeats and waits are shorter than Discord's, so that more happens.

Ctrl-C closes the connections, keeps the session and prints the summary; a second Ctrl-C
exits at once. Exit codes: 0 success, also after Ctrl-C; 1 a dispatch was lost, repeated
or out of order, a recovery failed, or a shard broke a rule of the gateway; 2 an option
is wrong.
`;

/** Returns the value of a numeric option, or `null`. @throws UsageError for a value out of bounds */
function numberFrom(values: OptionValues, option: string, min: number, max: number): number | null {
  const text = stringOption(values, option);
  if (text === undefined) return null;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max))
    throw new UsageError(`demo: --${option} must be an integer from ${min} to ${max}`);
  return number;
}

/** Says what the environment means for a real bot. */
function proxyNote(): string | null {
  try {
    const proxy = resolveProxy(undefined)?.(new URL(DISCORD_GATEWAY)) ?? null;
    return proxy === null ? null : `your bot will connect through the proxy ${proxy.host}`;
  } catch (error) {
    if (error instanceof GatewayError) return `your bot will not start: ${error.message}`;
    throw error;
  }
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
      throw new UsageError('demo: --workers needs --shards; one shard always runs in this thread');
    using signal = interruptSignal();
    const output = new OutputLog(stopwatch());
    const forever = values['forever'] === true;
    output.log('note', `shardwright ${VERSION} demo, seed ${seed}; press Ctrl-C to stop${forever ? '' : ' early'}`);
    const note = proxyNote();
    if (note !== null) output.log('note', `${note}; the gateway of the demo needs no proxy`);
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
