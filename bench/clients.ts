/** The clients that are measured: our shard in several variants, the floors, and other libraries. */
import { inspectorProblem } from './client/inspector.ts';
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

const floor = (name: string, transport: Transport): Client => ({ name: `floor: ${name}`, adapter: 'floor', transport });
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
  'seyfert-plain': { name: 'seyfert: plain', adapter: 'seyfert', transport: 'none', helloAfterMs: 200 },
} as const satisfies Record<string, Client>;

export type ClientId = keyof typeof CLIENT_TABLE;

export const CLIENTS: Readonly<Record<ClientId, Client>> = CLIENT_TABLE;
export const CLIENT_IDS = Object.keys(CLIENT_TABLE) as ClientId[];

/** Returns why a client can't be measured on this machine, or `null`. */
export function problemOf({ variant, nativeZlib }: Client): string | null {
  if (nativeZlib === true) return nativeZlibProblem();
  return variant === 'page' ? inspectorProblem() : null;
}
