/** The kinds of log entries, in the order of the page's filter buttons, and which of them are special. */
import type { LogKind, Mark } from '../../messages.ts';

export const LOG_KINDS: readonly LogKind[] = [
  'state',
  'event',
  'heartbeat',
  'dispatch',
  'closed',
  'fault',
  'failed',
  'notice',
];

/** The inspector sends these only for the selected shard, and does not repeat them after a reconnect. */
export const DETAIL_KINDS: ReadonlySet<LogKind> = new Set<LogKind>(['event', 'heartbeat', 'dispatch']);

/** Entries of these kinds are also marked on the timeline. */
export const MARK_KINDS: readonly Mark['kind'][] = ['closed', 'fault', 'failed'];

export const isMarkKind = (kind: LogKind): kind is Mark['kind'] => MARK_KINDS.some((mark) => mark === kind);
