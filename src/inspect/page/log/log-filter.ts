/** Which entries of the log are shown. */
import type { LogEntry, LogKind } from '../../messages.ts';

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

export interface LogFilter {
  readonly text: string;
  readonly kinds: ReadonlySet<LogKind>;
  /** Only entries of this shard; `null` for all. */
  readonly shard: string | null;
}

/** Every word has to be in what is seen of the entry. */
export function matches({ text, kinds, shard }: LogFilter, entry: LogEntry): boolean {
  if (!kinds.has(entry.kind) || (shard !== null && entry.shard !== shard)) return false;
  if (text === '') return true;
  const searchText = `${entry.kind} ${entry.shard} ${entry.text}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searchText.includes(word));
}
