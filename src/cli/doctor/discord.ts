/** Checks the token, the clock, the shards and the session starts, with one GET /gateway/bot. */
import type { GatewayInfo, InfoEvent } from '../../../machines/index.ts';
import { createDirectFetch } from '../../http/proxy/direct-fetch.ts';
import type { SelectProxy } from '../../http/proxy/proxy-selection.ts';
import { NOT_JSON, fetchGatewayInfo } from '../../manager/start/gateway-info.ts';
import { Token } from '../../protocol/token.ts';
import { formatCount, formatNumber, formatDuration } from '../../inspect/page/model/format.ts';
import type { Check } from './check.ts';
import { proxyCheck } from './proxy.ts';
import { failed, ok, skipped, warning } from './check.ts';

const TIMEOUT_MS = 10_000;
/** The Date header has a resolution of one second, and a proxy may have written it. */
const TOLERATED_SKEW_MS = 2_000;
/** The wait between two IDENTIFYs of the same max_concurrency key. */
const SPACING_MS = 5_000;
/** Below this part of the daily session starts the check warns: a crash loop could use up the rest. */
const SCARCE_FRACTION = 0.1;

const NAMES = ['Token', 'Clock', 'Shards', 'Session starts'] as const;
const ADVICE_TOKEN = 'Set DISCORD_TOKEN to the token of your bot (Discord Developer Portal → Bot → Reset Token).';

interface TimedInfo {
  readonly event: InfoEvent;
  /** `null` when the answer has no Date header. */
  readonly skew: Skew | null;
}

/** The difference between this machine's clock and the Date header. */
export interface Skew {
  /** Positive when this machine is ahead. */
  readonly skewMs: number;
  /** Half of the round trip. */
  readonly uncertaintyMs: number;
}

async function requestInfo(api: string, token: string, selectProxy: SelectProxy | null): Promise<TimedInfo> {
  const proxiedFetch = (selectProxy?.(new URL(api)) ?? null) === null ? fetch : createDirectFetch(selectProxy);
  let skew: Skew | null = null;
  const timedFetch: typeof fetch = async (input, init) => {
    const sentAt = Date.now();
    const response = await proxiedFetch(input, init);
    const serverTime = Date.parse(response.headers.get('date') ?? '');
    // Assume that Discord answered halfway, and in the middle of the second in its Date header.
    const uncertaintyMs = (Date.now() - sentAt) / 2;
    if (Number.isFinite(serverTime))
      skew = { skewMs: Math.round(sentAt + uncertaintyMs - (serverTime + 500)), uncertaintyMs };
    return response;
  };
  const event = await fetchGatewayInfo(
    { api, token: new Token(token), fetch: timedFetch, allowedHosts: null },
    AbortSignal.timeout(TIMEOUT_MS),
  );
  return { event, skew };
}

/** Where the proxy must lead if Discord does not say so. */
const DEFAULT_GATEWAY = 'wss://gateway.discord.gg';

export async function discordChecks(api: string, token: string, selectProxy: SelectProxy | null): Promise<Check[]> {
  if (token === '') {
    return [
      failed('Token', 'DISCORD_TOKEN is not set', ADVICE_TOKEN),
      ...NAMES.slice(1).map((name) => skipped(name, 'needs a token')),
    ];
  }
  const { event, skew } = await requestInfo(api, token, selectProxy);
  const proxy = await proxyCheck(selectProxy, event.type === 'info.received' ? event.info.url : DEFAULT_GATEWAY);
  return [...(proxy === null ? [] : [proxy]), ...infoChecks(api, event, skew)];
}

function infoChecks(api: string, event: InfoEvent, skew: Skew | null): Check[] {
  const clock = skew === null ? skipped('Clock', 'the answer has no Date header') : clockCheck(skew);
  if (event.type === 'info.received')
    return [ok('Token', `accepted by ${new URL(api).host}`), clock, ...budgetChecks(event.info)];
  return [
    failureCheck(event, api),
    clock,
    ...NAMES.slice(2).map((name) => skipped(name, 'needs an answer from Discord')),
  ];
}

function failureCheck({ failure, type }: Exclude<InfoEvent, { type: 'info.received' }>, api: string): Check {
  if (failure.code === 'AUTHENTICATION_FAILED')
    return failed('Token', failure.message, ADVICE_TOKEN, { code: failure.code });
  // A wrong address answers with a page, and so does a sign-in page or a firewall in the place of Discord.
  const isForeign = failure.message.includes(NOT_JSON);
  const advice =
    type === 'info.unavailable' && !isForeign
      ? 'Check your network, proxy and firewall, and the status of Discord (https://discordstatus.com).'
      : `Check --api: it must be the base of the REST API, such as https://discord.com/api/v10.${
          isForeign ? ' If it is, a proxy, a firewall or a sign-in page answers in the place of Discord.' : ''
        }`;
  return failed('Token', `not checked, ${new URL(api).host}: ${failure.message}`, advice, { code: failure.code });
}

export function clockCheck({ skewMs, uncertaintyMs }: Skew): Check {
  const off = Math.abs(skewMs);
  if (off <= TOLERATED_SKEW_MS + uncertaintyMs) return ok('Clock', 'in sync', { skewMs });
  const found = `${formatDuration(off)} ${skewMs > 0 ? 'ahead' : 'behind'}`;
  return warning(
    'Clock',
    found,
    'Synchronise the clock of this machine with NTP. Otherwise the times in your logs differ from those of Discord.',
    { skewMs },
  );
}

export function budgetChecks({ shards, sessionStartLimit }: GatewayInfo): Check[] {
  const { total, remaining, resetAfterMs, maxConcurrency } = sessionStartLimit;
  const startMs = (Math.ceil(shards / maxConcurrency) - 1) * SPACING_MS;
  const reset = resetAfterMs === 0 ? '' : `, resets in ${formatDuration(resetAfterMs)}`;
  const remainingText = `${formatNumber(remaining)} of ${formatNumber(total)} left${reset}`;
  const figures = { total, remaining, resetAfterMs, maxConcurrency };
  const starts =
    remaining < shards
      ? failed(
          'Session starts',
          remainingText,
          `Too few to start ${formatCount(shards, 'shard')}: wait for the reset, or resume stored sessions.`,
          figures,
        )
      : remaining < total * SCARCE_FRACTION
        ? warning(
            'Session starts',
            remainingText,
            'Find out why the bot identifies so often. When no start is left, Discord resets the token.',
            figures,
          )
        : ok('Session starts', remainingText, figures);
  const pace = `${formatNumber(maxConcurrency)} per 5 s, so a start takes ${startMs === 0 ? 'a moment' : `about ${formatDuration(startMs)}`}`;
  return [
    ok('Shards', `Discord recommends ${formatNumber(shards)}; ${pace}`, {
      recommended: shards,
      maxConcurrency,
      startMs,
    }),
    starts,
  ];
}
