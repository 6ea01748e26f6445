/** The claims in the prose of README.md and docs/performance.md: ranges over all runs, never the best of them. */
import type { ClientId, RatioName } from './clients.ts';
import { boundsText } from './markdown.ts';
import { MIX_NAMES } from './mix.ts';
import type { Ranges } from './ranges.ts';

interface Claim {
  readonly what: string;
  readonly client: ClientId;
  readonly ratio: RatioName;
}

/** The rows of the summary. */
export const READ: readonly Claim[] = [
  { what: 'plain, your listener reads `d`: × floor', client: 'ours-plain', ratio: 'overFloor' },
  { what: '`zlib-stream`, your listener reads `d`: × floor with inflate', client: 'ours-zlib', ratio: 'overFloor' },
  { what: '`zstd-stream`, your listener reads `d`: × floor with zstd', client: 'ours-zstd', ratio: 'overFloor' },
  { what: 'plain, `d` is not read: × plain floor', client: 'ours-plain-unread', ratio: 'overPlain' },
  { what: '`zlib-stream`, `d` is not read: × plain floor', client: 'ours-zlib-unread', ratio: 'overPlain' },
  { what: '`zstd-stream`, `d` is not read: × plain floor', client: 'ours-zstd-unread', ratio: 'overPlain' },
  { what: '@discordjs/ws ÷ shardwright, plain', client: 'discordjs-plain', ratio: 'overOurs' },
  { what: '@discordjs/ws ÷ shardwright, `zlib-stream` with node:zlib', client: 'discordjs-zlib', ratio: 'overOurs' },
  {
    what: '@discordjs/ws ÷ shardwright, `zlib-stream` with zlib-sync',
    client: 'discordjs-zlib-sync',
    ratio: 'overOurs',
  },
];

/** The range over all mixes and runs. */
const inAllMixes = (client: ClientId, ratio: RatioName) => (ranges: Ranges) =>
  boundsText(
    ranges.over(
      MIX_NAMES.map((mix) => `backlog-${mix}/${client}`),
      ratio,
    ),
  );

export const PHRASES: Readonly<Record<string, (ranges: Ranges) => string>> = {
  'plain-over-floor': inAllMixes('ours-plain', 'overFloor'),
  'zlib-over-floor': inAllMixes('ours-zlib', 'overFloor'),
  'discordjs-plain': inAllMixes('discordjs-plain', 'overOurs'),
  'discordjs-zlib': inAllMixes('discordjs-zlib', 'overOurs'),
  'discordjs-zlib-sync': inAllMixes('discordjs-zlib-sync', 'overOurs'),
};
