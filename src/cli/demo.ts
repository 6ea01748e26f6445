/** `shardwright demo`: shows how one shard, many, or the nodes of a cluster survive what can go wrong. */
import { GatewayError } from '../index.ts';
import { UsageError, stringOption } from './command.ts';
import type { Command, OptionValues } from './command.ts';
import { balanceLines, holds } from './demo/cluster/cluster-balance.ts';
import { FAST_CLUSTER, NORMAL_CLUSTER } from './demo/cluster/cluster-pace.ts';
import { runClusterDemo } from './demo/cluster/run-cluster-demo.ts';
import { runManagerDemo } from './demo/run-manager-demo.ts';
import { FAST, NORMAL } from './demo/pace.ts';
import { seedFrom } from './demo/seed.ts';
import { runDemo } from './demo/run-demo.ts';
import { summary } from './demo/summary.ts';
import { INSPECT_HELP, INSPECT_OPTIONS, inspectorFrom } from './inspect-option.ts';
import { RECORD_HELP, RECORD_OPTIONS, recorderFrom } from './record-option.ts';
import { interruptSignal } from './interrupt.ts';
import { OutputLog, stopwatch } from './output-log.ts';
import { resolveProxy } from '../http/proxy/proxy-selection.ts';
import { observersOf } from '../shard/inspected-shard.ts';
import { VERSION } from '../version.ts';

const DISCORD_GATEWAY = 'wss://gateway.discord.gg';
const MAX_SHARDS = 1_000;
const MAX_WORKERS = 64;
const MAX_NODES = 6;
/** The table has a column for each. */
const MAX_CLUSTER_SHARDS = 20;
const SHARDS_PER_NODE = 4;
/** What is not for nodes: they run until the end of the story, most of them in other processes. */
const NOT_WITH_NODES = ['forever', 'workers', 'inspect-port', 'record'] as const;

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
      --nodes N           run a cluster of N nodes, up to ${MAX_NODES}, and a consumer; see below
      --seed N            repeat a run; without it the seed is random, and printed
${INSPECT_HELP}
${RECORD_HELP}
  -h, --help              print this help

A seed repeats the ids of guilds and sessions, every dispatch and its content, the order
of the faults, and which dispatches are sent around each fault. It does not repeat times,
the number of connection attempts, or how many dispatches arrive by replay.

Before the gateway ends a session (op 9, false), everything it sent has to arrive. Until
there is a new session it sends nothing, because no session could replay it.

With --shards each fault hits one shard, four, or a quarter of them. To watch all shards
meanwhile, run shardwright status with the address that the demo prints.

With --nodes the bot runs on several nodes: each is a process, a consumer is another, and
Redis keeps what they share. redis-server must be on the PATH, or named in REDIS_SERVER;
without it all runs in this process, on the memory engine. You see a rolling deploy, a
kill -9, a frozen process (SIGSTOP), and Redis cut off and back. A table shows which node
has which shard. At the end, what was sent, what is in the stream and what was delivered
have to be equal, without an IDENTIFY after the start. It takes about 60 s, with --fast
about 35 s. --shards N sets the number of shards (up to ${MAX_CLUSTER_SHARDS}); with --inspect each node
has a page.

Heartbeats and waits are shorter than Discord's, so that more happens.

Ctrl-C closes the connections, keeps the session and prints the summary; a second Ctrl-C
exits at once. Exit codes: 0 success, also after Ctrl-C; 1 a dispatch was lost, repeated
or out of order, a recovery failed, or a shard broke a rule of the gateway; with --nodes
the balance does not hold; 2 an option is wrong.
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

/** Resolves with the exit code. */
async function runCluster(values: OptionValues, nodes: number, seed: number): Promise<number> {
  const wrong = NOT_WITH_NODES.find((option) => values[option] !== undefined);
  if (wrong !== undefined) throw new UsageError(`demo: --${wrong} can't be used with --nodes`);
  const given = numberFrom(values, 'shards', 1, MAX_CLUSTER_SHARDS);
  using signal = interruptSignal();
  const output = new OutputLog(stopwatch());
  output.log('note', `shardwright ${VERSION} demo, seed ${seed}; press Ctrl-C to stop early`);
  const balance = await runClusterDemo({
    nodes,
    shards: given ?? Math.min(MAX_CLUSTER_SHARDS, SHARDS_PER_NODE * nodes),
    seed,
    pace: values['fast'] === true ? FAST_CLUSTER : NORMAL_CLUSTER,
    inspect: values['inspect'] === true,
    output,
    signal,
  });
  if (balance === null) return 0;
  for (const line of balanceLines(balance, output.colorize)) output.line(line);
  return holds(balance) ? 0 : 1;
}

export const demo: Command = {
  options: {
    fast: { type: 'boolean' },
    forever: { type: 'boolean' },
    shards: { type: 'string' },
    workers: { type: 'string' },
    nodes: { type: 'string' },
    seed: { type: 'string' },
    ...INSPECT_OPTIONS,
    ...RECORD_OPTIONS,
  },
  help: HELP,
  async run(values) {
    const seed = seedFrom('demo', values);
    const nodes = numberFrom(values, 'nodes', 1, MAX_NODES);
    if (nodes !== null) return runCluster(values, nodes, seed);
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
    await using recorder = recorderFrom(values, output);
    const observers = [...observersOf(inspector.inspect), ...recorder.observers];
    const demoOptions = { seed, pace: values['fast'] === true ? FAST : NORMAL, forever, output, signal, observers };
    const stats =
      shards === null
        ? await runDemo(demoOptions)
        : await runManagerDemo({ ...demoOptions, shards, workers: workers ?? 0 });
    for (const line of summary(stats, seed, output.colorize)) output.line(line);
    return stats.isClean ? 0 : 1;
  },
};
