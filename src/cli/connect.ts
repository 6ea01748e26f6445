/** `shardwright connect`: connects one shard to the real gateway and prints what happens. */
import { FileSessionStore, GatewayError, Intents, Shard } from '../index.ts';
import type { Compression, InspectionObserver, IntentName, ShardOptions } from '../index.ts';
import type { Command, OptionValues } from './command.ts';
import { UsageError, stringOption } from './command.ts';
import { INSPECT_HELP, INSPECT_OPTIONS, inspectorFrom } from './inspect-option.ts';
import { RECORD_HELP, RECORD_OPTIONS, recorderFrom } from './record-option.ts';
import { interruptSignal } from './interrupt.ts';
import { logEvents } from './event-logger.ts';
import { shardStatusLine } from './status-line.ts';
import { OutputLog, wallClock } from './output-log.ts';
import { resolveProxy } from '../http/proxy/proxy-selection.ts';
import { observersOf } from '../shard/inspected-shard.ts';
import { VERSION } from '../version.ts';

const DEFAULT_INTENTS = 'Guilds,GuildMessages';
const RATE_EVERY_MS = 10_000;

const HELP = `Usage: DISCORD_TOKEN=… shardwright connect [OPTIONS]

Connects one shard and prints its states, heartbeats, problems, and how many dispatches
of each kind arrive. It reads the token from the environment only, and prints neither
the token nor the contents of dispatches.

Options:
      --intents LIST      names separated by commas, or a number (${DEFAULT_INTENTS})
      --shard ID/COUNT    the id of the shard, and the number of shards (0/1)
      --compression KIND  none, payload, zlib-stream or zstd-stream (zlib-stream)
      --url URL           the gateway (wss://gateway.discord.gg)
      --session-dir DIR   store the session in this directory, and resume it next time
${INSPECT_HELP}
${RECORD_HELP}
  -h, --help              print this help

It connects through the proxy of HTTPS_PROXY or ALL_PROXY, if there is one.

Ctrl-C closes the connection and keeps the session; a second Ctrl-C exits at once.
Exit codes: 0 closed by Ctrl-C; 1 the gateway refused the shard, and the last line says
what to do; 2 an option is wrong, or DISCORD_TOKEN is not set.
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
      `connect: --intents has an unknown name '${unknown}'; the names are ${Object.keys(Intents).join(', ')}`,
    );
  }
  return names as IntentName[];
}

function shardFrom(text: string): { shardId: number; shardCount: number } {
  const [, id, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (id === undefined || count === undefined || Number(id) >= Number(count)) {
    throw new UsageError('connect: --shard must be ID/COUNT with ID less than COUNT, such as 0/1');
  }
  return { shardId: Number(id), shardCount: Number(count) };
}

function optionsFrom(values: OptionValues, token: string, inspect: readonly InspectionObserver[]): ShardOptions {
  const url = stringOption(values, 'url');
  const directory = stringOption(values, 'session-dir');
  return {
    token,
    inspect,
    intents: intentsFrom(stringOption(values, 'intents') ?? DEFAULT_INTENTS),
    ...shardFrom(stringOption(values, 'shard') ?? '0/1'),
    // The shard validates it.
    compression: (stringOption(values, 'compression') ?? 'zlib-stream') as Compression,
    ...(url === undefined ? {} : { url }),
    ...(directory === undefined ? {} : { sessionStore: new FileSessionStore(directory) }),
  };
}

function createShard(values: OptionValues, token: string, inspect: readonly InspectionObserver[]): Shard {
  try {
    return new Shard(optionsFrom(values, token, inspect));
  } catch (error) {
    if (error instanceof GatewayError) throw new UsageError(`connect: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Resolves with the error when the shard fails, and with `null` when the signal aborts. */
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
    ...RECORD_OPTIONS,
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
    await using recorder = recorderFrom(values, output);
    const statusLine = shardStatusLine(output);
    const observers = [statusLine.inspect, ...observersOf(inspector.inspect), ...recorder.observers];
    const shard = createShard(values, token, observers);
    output.log(
      'note',
      `shardwright ${VERSION}, shard ${shard.shardId} of ${shard.shardCount}, ${shard.url}; press Ctrl-C to stop`,
    );
    const proxy = resolveProxy(undefined)?.(new URL(shard.url)) ?? null;
    if (proxy !== null) output.log('note', `through the proxy ${proxy.host}`);
    const stopLogging = logEvents(shard, output, { rateEveryMs: RATE_EVERY_MS });
    statusLine.start();
    const ended = waitForEnd(shard, signal);
    // A rejection means `failed` or Ctrl-C, and `waitForEnd` handles both.
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
  if (session === null) return 'closed; there was no session';
  return directory === undefined
    ? 'closed; the session is kept at the gateway. To resume it in the next run, use --session-dir'
    : `closed; the session is kept in ${directory}, and the next run resumes it`;
}
