/** The clients that are measured: our shard in several variants, the floors, and other libraries. */
import { inspectorProblem } from './client/inspector.ts';
import { recorderProblem } from './client/recorder.ts';
import { nativeZlibProblem } from './client/native-zlib.ts';
import type { Variant } from './client/adapter.ts';
import type { Transport } from './server/recording.ts';

export interface Client {
  /** The name in tables. */
  readonly name: string;
  /** The file in `client/adapters`. */
  readonly adapter: string;
  readonly transport: Transport;
  /** Default `all`. */
  readonly variant?: Variant;
  readonly nativeZlib?: true;
  /** The only event that the bench listens to. Default: all events. */
  readonly listensTo?: string;
  /** How long the gateway waits with HELLO, for a client that misses HELLO right after the upgrade. Default 0. */
  readonly helloAfterMs?: number;
  /** The client changes `d` before it emits the event. */
  readonly changesData?: true;
}

const floor = (name: string, transport: Transport, variant: Variant = 'all'): Client => ({
  name: `floor: ${name}`,
  adapter: 'floor',
  transport,
  variant,
});
const ours = (name: string, transport: Transport, more: Partial<Client> = {}): Client => ({
  name: `shardwright: ${name}`,
  adapter: 'ours',
  transport,
  ...more,
});

const CLIENT_TABLE = {
  'floor-plain': floor('ws + JSON.parse', 'none'),
  'floor-zlib': floor('… + synchronous inflate', 'zlib-stream'),
  'floor-zstd': floor('… + synchronous zstd', 'zstd-stream'),
  'floor-payload': floor('… + inflateSync per message', 'payload'),
  'floor-plain-unread': floor('ws alone, nothing parsed', 'none', 'unread'),
  'floor-zlib-unread': floor('… + synchronous inflate, nothing parsed', 'zlib-stream', 'unread'),
  'floor-zstd-unread': floor('… + synchronous zstd, nothing parsed', 'zstd-stream', 'unread'),

  'ours-plain': ours('plain', 'none'),
  'ours-zlib': ours('zlib-stream', 'zlib-stream'),
  'ours-zstd': ours('zstd-stream', 'zstd-stream'),
  'ours-payload': ours('payload compression', 'payload'),
  'ours-plain-unread': ours('plain, d not read', 'none', { variant: 'unread' }),
  'ours-zlib-unread': ours('zlib-stream, d not read', 'zlib-stream', { variant: 'unread' }),
  'ours-zstd-unread': ours('zstd-stream, d not read', 'zstd-stream', { variant: 'unread' }),
  'ours-plain-one': ours('plain, MESSAGE_CREATE only', 'none', { variant: 'one-event', listensTo: 'MESSAGE_CREATE' }),
  'ours-zlib-one': ours('zlib-stream, MESSAGE_CREATE only', 'zlib-stream', {
    variant: 'one-event',
    listensTo: 'MESSAGE_CREATE',
  }),
  'ours-plain-ten': ours('plain, ten listeners an event', 'none', { variant: 'ten-listeners' }),
  'ours-plain-observer': ours('plain, with an XState observer', 'none', { variant: 'observer' }),
  'ours-zlib-recorder': ours('zlib-stream, with a flight recorder', 'zlib-stream', { variant: 'recorder' }),
  'ours-zlib-in-turn': ours('zlib-stream, one shard after the other', 'zlib-stream', { variant: 'in-turn' }),
  'ours-plain-page': ours('plain, with an open inspector page', 'none', { variant: 'page' }),

  'discordjs-plain': { name: '@discordjs/ws: plain', adapter: 'discordjs', transport: 'none' },
  'discordjs-zlib': {
    name: '@discordjs/ws: zlib-stream, node:zlib',
    adapter: 'discordjs',
    transport: 'zlib-stream',
  },
  'discordjs-zlib-sync': {
    name: '@discordjs/ws: zlib-stream, zlib-sync',
    adapter: 'discordjs',
    transport: 'zlib-stream',
    nativeZlib: true,
  },
  'discordjs-payload': {
    name: '@discordjs/ws: payload compression',
    adapter: 'discordjs',
    transport: 'payload',
  },
  'discordeno-plain': {
    name: '@discordeno/gateway: plain',
    adapter: 'discordeno',
    transport: 'none',
    changesData: true,
  },
  'discordeno-zlib': {
    name: '@discordeno/gateway: zlib-stream',
    adapter: 'discordeno',
    transport: 'zlib-stream',
    changesData: true,
  },
  'discordeno-zstd': {
    name: '@discordeno/gateway: zstd-stream, fzstd',
    adapter: 'discordeno',
    transport: 'zstd-stream',
    changesData: true,
  },
  'eris-plain': { name: 'eris: plain', adapter: 'eris', transport: 'none' },
  'eris-zlib': { name: 'eris: zlib-stream, pako', adapter: 'eris', transport: 'zlib-stream' },
  'eris-zlib-sync': {
    name: 'eris: zlib-stream, zlib-sync',
    adapter: 'eris',
    transport: 'zlib-stream',
    nativeZlib: true,
  },
  'oceanic-plain': { name: 'oceanic.js: plain', adapter: 'oceanic', transport: 'none' },
  'oceanic-zlib': { name: 'oceanic.js: zlib-stream, node:zlib', adapter: 'oceanic', transport: 'zlib-stream' },
  'oceanic-zlib-sync': {
    name: 'oceanic.js: zlib-stream, zlib-sync',
    adapter: 'oceanic',
    transport: 'zlib-stream',
    nativeZlib: true,
  },
  'oceanic-zstd': { name: 'oceanic.js: zstd-stream, node:zlib', adapter: 'oceanic', transport: 'zstd-stream' },
  'seyfert-plain': { name: 'seyfert: plain', adapter: 'seyfert', transport: 'none', helloAfterMs: 200 },
} as const satisfies Record<string, Client>;

export type ClientId = keyof typeof CLIENT_TABLE;

export const CLIENTS: Readonly<Record<ClientId, Client>> = CLIENT_TABLE;
export const CLIENT_IDS = Object.keys(CLIENT_TABLE) as ClientId[];

/** The client whose work a client's is compared with; `null` if there is none. */
export type Base = (client: ClientId) => ClientId | null;

const FLOORS: Readonly<Record<Transport, ClientId>> = {
  none: 'floor-plain',
  'zlib-stream': 'floor-zlib',
  'zstd-stream': 'floor-zstd',
  payload: 'floor-payload',
};
const UNREAD_FLOORS: Readonly<Partial<Record<Transport, ClientId>>> = {
  none: 'floor-plain-unread',
  'zlib-stream': 'floor-zlib-unread',
  'zstd-stream': 'floor-zstd-unread',
};
const OURS: Readonly<Record<Transport, ClientId>> = {
  none: 'ours-plain',
  'zlib-stream': 'ours-zlib',
  'zstd-stream': 'ours-zstd',
  payload: 'ours-payload',
};

/** The ratios of a backlog, by name. */
export const BASES = {
  /** The floor of the same codec. */
  overFloor: (client) => FLOORS[CLIENTS[client].transport],
  overPlain: () => 'floor-plain',
  /** For a client that reads no data: the floor of the same codec that reads none either. */
  overUnread: (client) =>
    CLIENTS[client].variant === 'unread' ? (UNREAD_FLOORS[CLIENTS[client].transport] ?? null) : null,
  /** For another client: ours with the same codec. */
  overOurs: (client) => (/^(?:floor|ours)-/.test(client) ? null : OURS[CLIENTS[client].transport]),
} as const satisfies Record<string, Base>;

export type RatioName = keyof typeof BASES;
export const RATIO_NAMES = Object.keys(BASES) as RatioName[];

/** Returns why a client can't be measured on this machine, or `null`. */
export function problemOf({ variant, nativeZlib }: Client): string | null {
  if (nativeZlib === true) return nativeZlibProblem();
  if (variant === 'recorder') return recorderProblem();
  return variant === 'page' ? inspectorProblem() : null;
}
