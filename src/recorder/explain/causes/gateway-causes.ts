/** Causes that the gateway names: close codes, and the opcodes 7 and 9. */
import { CLOSE_CODES, closePolicy } from '../../../../machines/index.ts';
import { formatCount, formatMs } from '../../../inspect/page/model/format.ts';
import { HINTS_BY_GROUP } from '../../../protocol/errors.ts';
import { INVALID_REASON, INVALID_RESUMABLE_REASON, OPCODE_REASONS, RECONNECT_REASON } from '../../loss-reasons.ts';
import { NOTHING_TO_DO } from '../cause-rule.ts';
import type { CauseRule } from '../cause-rule.ts';
import { durationOf, firstLoss, hasFault } from '../episode.ts';
import type { Episode } from '../episode.ts';

const LIFECYCLE = 'docs/lifecycle.md';
const STORM = 3;

const isInvalidSession = ({ reason }: { readonly reason: string }): boolean =>
  reason === INVALID_RESUMABLE_REASON || reason === INVALID_REASON;
const invalidSessions = ({ losses }: Episode): number => losses.filter(isInvalidSession).length;

/** The codes with which Discord refuses a session that it no longer knows. */
const EXPIRED_CODES: ReadonlySet<number | null> = new Set([4007, 4009]);

const isExpired = ({ isResumeRefused, losses }: Episode): boolean =>
  isResumeRefused || losses.some(({ code }) => EXPIRED_CODES.has(code));

export const EXPIRED_CAUSE: CauseRule = {
  id: 'sessionExpired',
  title: 'the session had expired',
  docs: LIFECYCLE,
  matches: isExpired,
  what: (episode) =>
    episode.wasReady
      ? `${lossText(episode)} When the shard wanted to resume, Discord no longer knew the session.`
      : 'The process resumed the session of an earlier process, but Discord no longer knew it: the bot had been away for too long.',
  advice: () =>
    'Discord keeps a session for a few minutes only. Keep restarts short, and fetch again what must be exact.',
};

/** The first loss, in a sentence. */
export function lossText(episode: Episode): string {
  const loss = firstLoss(episode);
  if (loss === null) return 'The connection was lost.';
  if (loss.initiator === 'transport') return 'The connection ended without a close frame.';
  if (loss.initiator === 'shard') return `The shard closed the connection: ${loss.reason}.`;
  return loss.code === null || OPCODE_REASONS.has(loss.reason)
    ? `The connection was given up: ${loss.reason}.`
    : `The gateway closed the connection with code ${loss.code} (${loss.reason}).`;
}

export const RATE_LIMITED_CAUSE: CauseRule = {
  id: 'rateLimited',
  title: 'closed with 4008: too many frames',
  docs: 'docs/errors.md',
  matches: (episode) => hasFault(episode, 'RATE_LIMITED') || firstLoss(episode)?.code === 4008,
  what: ({ records }) => {
    const sent = records.filter((record) => record.kind === 'send' && record.event === 'sent').length;
    return `The gateway closed the connection with code 4008, rate limited: too many frames were sent in 60 s${sent > 0 ? ` (${formatCount(sent, 'payload')} just before)` : ''}.`;
  },
  advice: () =>
    'Look for another process that uses this connection, such as a gateway proxy, and for sends with ignoreRateLimit. Otherwise report a bug: the send limiter must prevent this.',
};

export const STORM_CAUSE: CauseRule = {
  id: 'invalidSessionStorm',
  title: 'a storm of Invalid Session (op 9)',
  docs: LIFECYCLE,
  matches: (episode) => invalidSessions(episode) >= STORM,
  what: (episode) =>
    `The gateway answered with Invalid Session (op 9) ${invalidSessions(episode)} times in ${formatMs(durationOf(episode))}.`,
  advice: () =>
    'Look at discordstatus.com. If Discord is well, look for another process that identifies with this token and faster than max_concurrency allows.',
};

export const GATEWAY_CAUSES: readonly CauseRule[] = [
  {
    id: 'reconnectRequested',
    title: 'the gateway asked for a reconnect (op 7)',
    docs: LIFECYCLE,
    matches: (episode) => firstLoss(episode)?.reason === RECONNECT_REASON,
    what: () => 'The gateway asked for a reconnect (op 7), as it does when a server of Discord is restarted.',
    advice: () => NOTHING_TO_DO,
  },
  {
    id: 'invalidSessionResumable',
    title: 'Invalid Session, resumable (op 9, true)',
    docs: LIFECYCLE,
    matches: (episode) => firstLoss(episode)?.reason === INVALID_RESUMABLE_REASON,
    what: () => 'The gateway sent Invalid Session (op 9) and said that the session can be resumed.',
    advice: () => NOTHING_TO_DO,
  },
  {
    id: 'sessionInvalidated',
    title: 'the gateway ended the session (op 9, false)',
    docs: LIFECYCLE,
    matches: (episode) => firstLoss(episode)?.reason === INVALID_REASON,
    what: () => 'The gateway sent Invalid Session (op 9): the session was over and could not be resumed.',
    advice: () => 'Nothing, if it is rare. Fetch again what must be exact.',
  },
  {
    id: 'corruptData',
    title: 'corrupt data',
    docs: 'docs/errors.md',
    matches: (episode) => hasFault(episode, 'DECODE_FAILED'),
    what: () => 'The gateway sent a frame that could not be decompressed or decoded, so the shard left the connection.',
    advice: () => HINTS_BY_GROUP['Faults that the shard survives'].DECODE_FAILED,
  },
  {
    id: 'closedByGateway',
    title: 'the gateway closed the connection',
    docs: 'docs/lifecycle.md',
    matches: (episode) => firstLoss(episode)?.initiator === 'gateway',
    what: lossText,
    advice: (episode) => {
      const { code = null } = firstLoss(episode) ?? {};
      return code !== null && Object.hasOwn(CLOSE_CODES, code) ? closePolicy(code).hint : NOTHING_TO_DO;
    },
  },
];
