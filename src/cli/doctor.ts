/** `shardwright doctor`: finds problems that would keep a bot from starting. */
import { GatewayError } from '../index.ts';
import type { Command } from './command.ts';
import { UsageError, stringOption } from './command.ts';
import type { Check, Outcome } from './doctor/check.ts';
import { discordChecks } from './doctor/discord.ts';
import { intentsCheck } from './doctor/intents.ts';
import { redisChecks } from './doctor/redis.ts';
import { compressionCheck, nodeCheck } from './doctor/runtime.ts';
import type { Colorize, Style } from './colors.ts';
import { colorizeFor } from './colors.ts';
import { resolveProxy } from '../http/proxy/proxy-selection.ts';
import { withoutTrailingSlashes } from '../protocol/gateway-url.ts';
import { printable, printableJson } from '../protocol/printable.ts';
import { VERSION } from '../version.ts';

const DEFAULT_API = 'https://discord.com/api/v10';

const HELP = `Usage: DISCORD_TOKEN=… shardwright doctor [OPTIONS]

Checks what a bot needs, and prints what to do about each problem. It looks at Node, the
decoders, the token, the intents, the clock, the number of shards that Discord recommends,
and the session starts that are left today. It sends one request (GET /gateway/bot), and
uses no session start. If the environment names a proxy (HTTPS_PROXY, ALL_PROXY), it asks
the proxy for a connection to the gateway, too. It reads the token from the environment
only, and prints neither the token nor the passwords of the proxy and of Redis.

Options:
      --intents LIST  the intents of your bot: names separated by commas, or a number
      --api URL       the base of the REST API (${DEFAULT_API})
      --redis URL     also check the Redis of a cluster: version, memory, files, latency and
                      clock. It writes nothing there
      --json          print one line of JSON
  -h, --help          print this help

Exit codes: 0 the bot can start (a ! is a warning); 1 a check failed (✗); 2 an option is
wrong.
`;

const MARKS: Readonly<Record<Outcome, { readonly symbol: string; readonly style: Style }>> = {
  ok: { symbol: '✓', style: 'green' },
  warning: { symbol: '!', style: 'yellow' },
  failed: { symbol: '✗', style: ['red', 'bold'] },
  skipped: { symbol: '·', style: 'dim' },
};

function apiFrom(text: string | undefined): string {
  const api = withoutTrailingSlashes(text ?? DEFAULT_API);
  if (URL.canParse(api) && /^https?:$/.test(new URL(api).protocol)) return api;
  throw new UsageError(`doctor: --api must be an http:// or https:// URL, such as ${DEFAULT_API}`);
}

async function runChecks(api: string, token: string, intents: string | undefined): Promise<Check[]> {
  try {
    const discord = await discordChecks(api, token, resolveProxy(undefined));
    return [nodeCheck(), compressionCheck(), ...discord, ...(intents === undefined ? [] : [intentsCheck(intents)])];
  } catch (error) {
    if (error instanceof GatewayError) throw new UsageError(`doctor: ${error.message}`, { cause: error });
    throw error;
  }
}

async function checkRedis(url: string | undefined): Promise<readonly Check[]> {
  const checks = url === undefined ? [] : await redisChecks(url);
  if (checks !== null) return checks;
  throw new UsageError('doctor: --redis must be a redis:// or rediss:// URL, such as redis://127.0.0.1:6379');
}

function checkLines(checks: readonly Check[], colorize: Colorize): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.flatMap(({ name, outcome, found: text, advice }) => {
    const found = printable(text);
    const { symbol, style } = MARKS[outcome];
    const line = `${colorize(style, symbol)} ${name.padEnd(width)}  ${outcome === 'skipped' ? colorize('dim', found) : found}`;
    return advice === null ? [line] : [line, `  ${' '.repeat(width)}  ${colorize(style, `→ ${printable(advice)}`)}`];
  });
}

export const doctor: Command = {
  options: {
    intents: { type: 'string' },
    api: { type: 'string' },
    redis: { type: 'string' },
    json: { type: 'boolean' },
  },
  help: HELP,
  async run(values) {
    const api = apiFrom(stringOption(values, 'api'));
    const token = process.env['DISCORD_TOKEN']?.trim() ?? '';
    const redis = await checkRedis(stringOption(values, 'redis'));
    const checks = [...(await runChecks(api, token, stringOption(values, 'intents'))), ...redis];
    const isHealthy = checks.every(({ outcome }) => outcome !== 'failed');
    const text =
      values['json'] === true
        ? printableJson({ shardwright: VERSION, ok: isHealthy, checks })
        : checkLines(checks, colorizeFor(process.stdout, process.env)).join('\n');
    process.stdout.write(`${text}\n`);
    return isHealthy ? 0 : 1;
  },
};
