/** `shardwright connect`: one shard on a real gateway, told line by line. */
import { FileSessionStore, GatewayError, Intents, Shard } from '../index.ts';
import type { Compression, InspectionObserver, IntentName, ShardOptions } from '../index.ts';
import type { Command, OptionValues } from './command.ts';
import { stringOption } from './command.ts';
import { INSPECT_HELP, INSPECT_OPTIONS, inspectorFrom, combineObservers } from './inspect-option.ts';
import { interruptSignal } from './interrupt.ts';
import { logEvents } from './event-logger.ts';
import { shardStatusLine } from './status-line.ts';
import { OutputLog, wallClock } from './output-log.ts';
import { UsageError } from './usage-error.ts';
import { VERSION } from '../version.ts';

const DEFAULT_INTENTS = 'Guilds,GuildMessages';
const RATE_EVERY_MS = 10_000;

const HELP = `Usage: DISCORD_TOKEN=… shardwright connect [OPTIONS]

Connects one shard and tells what happens: states, heartbeats, how many dispatches of
which kinds, and what went wrong. The contents of dispatches are not shown, and the
token never is; it is taken from the environment only.

Options:
      --intents LIST      names with commas between, or a number (${DEFAULT_INTENTS})
      --shard ID/COUNT    which shard of how many (0/1)
      --compression KIND  none, payload, zlib-stream or zstd-stream (zlib-stream)
      --url URL           another gateway than wss://gateway.discord.gg
      --session-dir DIR   keep the session here, and resume it next time
${INSPECT_HELP}
  -h, --help              this text

Ctrl-C closes with the session kept; a second one does not wait. Exit codes: 0 closed by
Ctrl-C; 1 the gateway refused the shard, with what to do about it; 2 an option is wrong,
or DISCORD_TOKEN is not set.
`;

function intentsFrom(text: string): number | readonly IntentName[] {
  if (/^\d+$/.test(text)) return Number(text);
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const unknown = names.find((name) => !Object.hasOwn(Intents, name));
  if (unknown !== undefined) {
    throw new UsageError(
      `connect: --intents knows no such name as '${unknown}'; there are ${Object.keys(Intents).join(', ')}`,
    );
  }
  return names as IntentName[];
}

function shardFrom(text: string): { shardId: number; shardCount: number } {
  const [, id, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (id === undefined || count === undefined || Number(id) >= Number(count)) {
    throw new UsageError('connect: --shard must be ID/COUNT with ID below COUNT, as in 0/1');
  }
  return { shardId: Number(id), shardCount: Number(count) };
}

function optionsFrom(values: OptionValues, token: string, inspect: InspectionObserver): ShardOptions {
  const url = stringOption(values, 'url');
  const directory = stringOption(values, 'session-dir');
  return {
    token,
    inspect,
    intents: intentsFrom(stringOption(values, 'intents') ?? DEFAULT_INTENTS),
    ...shardFrom(stringOption(values, 'shard') ?? '0/1'),
    // Checked by the shard, as the rest is.
    compression: (stringOption(values, 'compression') ?? 'zlib-stream') as Compression,
    ...(url === undefined ? {} : { url }),
    ...(directory === undefined ? {} : { sessionStore: new FileSessionStore(directory) }),
  };
}

function createShard(values: OptionValues, token: string, inspect: InspectionObserver): Shard {
  try {
    return new Shard(optionsFrom(values, token, inspect));
  } catch (error) {
    if (error instanceof GatewayError) throw new UsageError(`connect: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Settles when there is nothing more to wait for; with what the shard failed with, if it did. */
function waitForEnd(shard: Shard, signal: AbortSignal): Promise<GatewayError | null> {
  return new Promise((resolve) => {
    shard.on('failed', resolve);
    signal.addEventListener('abort', () => resolve(null));
  });
}

export const connect: Command = {
  options: {
    intents: { type: 'string' },
    shard: { type: 'string' },
    compression: { type: 'string' },
    url: { type: 'string' },
    'session-dir': { type: 'string' },
    ...INSPECT_OPTIONS,
  },
  help: HELP,
  async run(values) {
    const token = process.env['DISCORD_TOKEN']?.trim() ?? '';
    if (token === '') {
      throw new UsageError(
        'connect: set DISCORD_TOKEN to the token of your bot (Discord Developer Portal → Bot → Reset Token)',
      );
    }
    using signal = interruptSignal();
    const output = new OutputLog(wallClock);
    await using inspector = await inspectorFrom(values, output);
    const statusLine = shardStatusLine(output);
    const shard = createShard(values, token, combineObservers(statusLine.inspect, inspector.inspect));
    output.log(
      'note',
      `shardwright ${VERSION}, shard ${shard.shardId} of ${shard.shardCount}, ${shard.url}; Ctrl-C ends it`,
    );
    const stopLogging = logEvents(shard, output, { rateEveryMs: RATE_EVERY_MS });
    statusLine.start();
    const ended = waitForEnd(shard, signal);
    // A rejection means `failed` or Ctrl-C, and both are told otherwise.
    shard.connect({ signal }).catch(() => undefined);
    const failure = await ended;
    statusLine.stop();
    if (failure === null) {
      await shard.disconnect();
      output.log('note', closedText(shard, stringOption(values, 'session-dir')));
    } else process.stderr.write(`shardwright: ${failure.code}. ${failure.hint}\n`);
    stopLogging();
    return failure === null ? 0 : 1;
  },
};

function closedText({ session }: Shard, directory: string | undefined): string {
  if (session === null) return 'closed; there was no session yet';
  return directory === undefined
    ? 'closed, the session is kept at the gateway; with --session-dir the next run would resume it'
    : `closed, the session is kept in ${directory}; the next run resumes it`;
}
