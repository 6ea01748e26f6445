/** Checks that ask Discord, with one GET /gateway/bot: the token, the clock, the shards and the session starts. */
import type { GatewayInfo, InfoEvent } from '../../../machines/index.ts';
import { fetchGatewayInfo } from '../../manager/start/gateway-info.ts';
import { Token } from '../../protocol/token.ts';
import { formatCount, formatNumber, formatDuration } from '../../inspect/page/model/format.ts';
import type { Check } from './check.ts';
import { failed, ok, skipped, warning } from './check.ts';

const TIMEOUT_MS = 10_000;
/** The Date header counts in seconds, and was written somewhere on the way. */
const TOLERATED_SKEW_MS = 2_000;
/** From one IDENTIFY to the next of a key. */
const SPACING_MS = 5_000;
/** With less than this part of the day's starts left, a crash loop would use them up. */
const SCARCE_FRACTION = 0.1;

const NAMES = ['Token', 'Clock', 'Shards', 'Session starts'] as const;
const ADVICE_TOKEN = 'Set DISCORD_TOKEN to the token of your bot (Discord Developer Portal → Bot → Reset Token).';

interface TimedInfo {
  readonly event: InfoEvent;
  /** `null` when nobody said what time it is. */
  readonly skew: Skew | null;
}

/** This machine's clock against the Date header, in ms; ahead is positive. */
export interface Skew {
  readonly skewMs: number;
  /** Half of the way there and back. */
  readonly uncertaintyMs: number;
}

async function requestInfo(api: string, token: string): Promise<TimedInfo> {
  let skew: Skew | null = null;
  const timedFetch: typeof fetch = async (input, init) => {
    const sentAt = Date.now();
    const response = await fetch(input, init);
    const serverTime = Date.parse(response.headers.get('date') ?? '');
    // In the middle of its second, at the middle of the way.
    const uncertaintyMs = (Date.now() - sentAt) / 2;
    if (Number.isFinite(serverTime))
      skew = { skewMs: Math.round(sentAt + uncertaintyMs - (serverTime + 500)), uncertaintyMs };
    return response;
  };
  const event = await fetchGatewayInfo(
    { api, token: new Token(token), fetch: timedFetch },
    AbortSignal.timeout(TIMEOUT_MS),
  );
  return { event, skew };
}

export async function discordChecks(api: string, token: string): Promise<Check[]> {
  if (token === '') {
    return [
      failed('Token', 'DISCORD_TOKEN is not set', ADVICE_TOKEN),
      ...NAMES.slice(1).map((name) => skipped(name, 'needs a token')),
    ];
  }
  const { event, skew } = await requestInfo(api, token);
  const clock = skew === null ? skipped('Clock', 'nobody said what time it is') : clockCheck(skew);
  if (event.type === 'info.received')
    return [ok('Token', `known at ${new URL(api).host}`), clock, ...budgetChecks(event.info)];
  return [failureCheck(event, api), clock, ...NAMES.slice(2).map((name) => skipped(name, 'needs an answer'))];
}

function failureCheck({ failure, type }: Exclude<InfoEvent, { type: 'info.received' }>, api: string): Check {
  if (failure.code === 'AUTHENTICATION_FAILED')
    return failed('Token', failure.message, ADVICE_TOKEN, { code: failure.code });
  const advice =
    type === 'info.unavailable'
      ? 'Check network, proxy and firewall, and the status page of Discord (https://discordstatus.com).'
      : 'Check --api: it is the base of the REST API, as in https://discord.com/api/v10.';
  return failed('Token', `not checked: ${new URL(api).host}: ${failure.message}`, advice, { code: failure.code });
}

export function clockCheck({ skewMs, uncertaintyMs }: Skew): Check {
  const off = Math.abs(skewMs);
  if (off <= TOLERATED_SKEW_MS + uncertaintyMs) return ok('Clock', 'agrees', { skewMs });
  const found = `${formatDuration(off)} ${skewMs > 0 ? 'ahead' : 'behind'}`;
  return warning(
    'Clock',
    found,
    'Let the machine set its clock by NTP: logs and the age of events will not agree with Discord.',
    { skewMs },
  );
}

export function budgetChecks({ shards, sessionStartLimit }: GatewayInfo): Check[] {
  const { total, remaining, resetAfterMs, maxConcurrency } = sessionStartLimit;
  const startMs = (Math.ceil(shards / maxConcurrency) - 1) * SPACING_MS;
  const reset = resetAfterMs === 0 ? '' : `, all back in ${formatDuration(resetAfterMs)}`;
  const remainingText = `${formatNumber(remaining)} of ${formatNumber(total)} left${reset}`;
  const figures = { total, remaining, resetAfterMs, maxConcurrency };
  const starts =
    remaining < shards
      ? failed(
          'Session starts',
          remainingText,
          `There is no start for each of the ${formatCount(shards, 'shard')}: wait for the reset, or resume stored sessions.`,
          figures,
        )
      : remaining < total * SCARCE_FRACTION
        ? warning(
            'Session starts',
            remainingText,
            'Find out what identifies so often: a bot that restarts in a loop loses its token when none is left.',
            figures,
          )
        : ok('Session starts', remainingText, figures);
  const pace = `${formatNumber(maxConcurrency)} per 5 s, so a fresh start takes ${startMs === 0 ? 'one turn' : `about ${formatDuration(startMs)}`}`;
  return [
    ok('Shards', `Discord recommends ${formatNumber(shards)}; ${pace}`, {
      recommended: shards,
      maxConcurrency,
      startMs,
    }),
    starts,
  ];
}
