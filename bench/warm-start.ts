/**
 * `npm run bench:warm-start`: what the option `warmStart` costs. One shard on a socket in memory, rounds with and without
 * the option in turn, so that the machine's load falls on both. Prints the CPU time of a dispatch, and the memory, the
 * disk and the time of the next start per guild.
 */
import { EventEmitter } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FileSessionStore, MemoryIdentifyGate, Shard } from '../src/index.ts';
import type { WebSocketLike } from '../src/index.ts';
import { summarize } from './statistics.ts';

const { values } = parseArgs({
  options: { guilds: { type: 'string', default: '500' }, rounds: { type: 'string', default: '9' } },
});
const GUILDS = Number(values.guilds);
const ROUNDS = Number(values.rounds);
const BATCH = 100_000;

const list = (count: number, element: (n: number) => object): object[] =>
  Array.from({ length: count }, (_, n) => element(n));
const id = (...parts: number[]): string => String(parts.reduce((sum, part) => sum * 1_000 + part, 1_234_567));
/** Data that deflates as names and ids do. */
const word = (n: number): string =>
  ['general', 'welcome', 'off-topic', 'help', 'staff'][n % 5] + (n * 7_919).toString(36);

const channel = (guild: number, n: number): object => ({
  id: id(guild, 1, n),
  guild_id: id(guild),
  type: 0,
  name: word(n),
  topic: `About ${word(n + guild)} and ${word(n)}`,
  position: n,
  parent_id: id(guild, 1, 0),
  last_message_id: id(guild, 9, n),
  permission_overwrites: list(4, (m) => ({ id: id(guild, 2, m), type: 0, allow: '1024', deny: '2048' })),
});

/** A guild as Discord sends it: 40 channels, 25 roles, 20 emojis, 50 members with presences. */
const guild = (n: number): object => ({
  id: id(n),
  name: word(n),
  owner_id: id(n, 3, 1),
  features: ['COMMUNITY', 'NEWS'],
  channels: list(40, (m) => channel(n, m)),
  threads: [],
  roles: list(25, (m) => ({ id: id(n, 2, m), name: word(m), permissions: '2248473465835073', color: m, position: m })),
  emojis: list(20, (m) => ({ id: id(n, 4, m), name: word(m), roles: [], animated: false, available: true })),
  stickers: [],
  members: list(50, (m) => ({
    user: { id: id(n, 3, m), username: word(m), avatar: null },
    roles: [],
    joined_at: '2024',
  })),
  presences: list(50, (m) => ({ user: { id: id(n, 3, m) }, status: 'online', activities: [] })),
  voice_states: [],
});

const message = (n: number): object => ({
  id: id(n),
  channel_id: id(1, 1, 1),
  guild_id: id(1),
  content: `hello ${word(n)}, how are you today?`,
  author: { id: id(1, 3, 1), username: word(n), avatar: null },
  member: { roles: [], joined_at: '2024-01-01T00:00:00.000000+00:00', mute: false, deaf: false },
  timestamp: '2026-01-01T00:00:00.000000+00:00',
  mentions: [],
  attachments: [],
  embeds: [],
});

/** A gateway in this process. It answers the handshake. */
class MemorySocket extends EventEmitter implements WebSocketLike {
  readyState = 1;
  #sequence = 0;

  constructor() {
    super();
    setImmediate(() => {
      this.emit('open');
      this.#receive({ op: 10, d: { heartbeat_interval: 41_250 } });
    });
  }

  send(text: string): void {
    const { op } = JSON.parse(text) as { op: number };
    // Never within the call: what is sent is answered later.
    setImmediate(() => this.#answer(op));
  }

  #answer(op: number): void {
    const user = { id: id(1, 3, 1), username: 'bot' };
    const guilds = list(GUILDS, (n) => ({ id: id(n), unavailable: true }));
    if (op === 1) this.#receive({ op: 11 });
    if (op === 2) this.dispatch(packetsOf('READY', [{ session_id: 'bench', user, application: { id: '1' }, guilds }]));
    if (op === 6) this.dispatch(packetsOf('RESUMED', [{}]));
  }

  /** Sends dispatches, each as its bytes before and after the sequence. */
  dispatch(packets: readonly (readonly [string, string])[]): void {
    for (const [before, after] of packets) {
      this.#sequence += 1;
      this.emit('message', Buffer.from(`${before}${this.#sequence}${after}`), false);
    }
  }

  close(): void {
    this.readyState = 3;
    setImmediate(() => this.emit('close', 4_000, Buffer.alloc(0)));
  }

  terminate(): void {
    this.close();
  }

  pause(): void {
    // Nothing waits.
  }

  resume(): void {
    // Nothing waits.
  }

  #receive(packet: object): void {
    this.emit('message', Buffer.from(JSON.stringify(packet)), false);
  }
}

const packetsOf = (t: string, data: readonly object[]): [string, string][] =>
  data.map((d) => [`{"t":"${t}","s":`, `,"op":0,"d":${JSON.stringify(d)}}`]);

async function startShard(directory: string, warmStart: boolean): Promise<{ shard: Shard; socket: MemorySocket }> {
  const sockets: MemorySocket[] = [];
  const shard = new Shard({
    token: 'token',
    intents: ['Guilds'],
    compression: 'none',
    warmStart,
    sessionStore: new FileSessionStore(directory),
    identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
    createSocket: () => {
      const socket = new MemorySocket();
      sockets.push(socket);
      return socket;
    },
  });
  await shard.connect();
  const [socket] = sockets;
  if (socket === undefined) throw new Error('the shard has no socket');
  return { shard, socket };
}

/** Returns the CPU time of this process for each dispatch, in µs. */
async function cpuOf(socket: MemorySocket, shard: Shard, packets: readonly [string, string][]): Promise<number> {
  const before = process.cpuUsage();
  socket.dispatch(packets);
  // With what is compressed and written after them.
  await shard.disconnect();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / packets.length;
}

const messages = packetsOf('MESSAGE_CREATE', list(BATCH, message));
const channels = packetsOf(
  'CHANNEL_UPDATE',
  list(BATCH / 5, (n) => channel(n % GUILDS, n % 40)),
);
const guilds = packetsOf('GUILD_CREATE', list(GUILDS, guild));

const KINDS = { MESSAGE_CREATE: messages, CHANNEL_UPDATE: channels, GUILD_CREATE: guilds };
const cpu = new Map<string, number[]>();

for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, packets] of Object.entries(KINDS)) {
    for (const warmStart of round % 2 === 0 ? [false, true] : [true, false]) {
      const directory = await mkdtemp(join(tmpdir(), 'shardwright-bench-'));
      const { shard, socket } = await startShard(directory, warmStart);
      const value = await cpuOf(socket, shard, packets);
      await rm(directory, { recursive: true });
      const key = `${name} ${warmStart ? 'with' : 'without'}`;
      // The first round warms up the compiler.
      if (round > 0) cpu.set(key, [...(cpu.get(key) ?? []), value]);
    }
  }
}
for (const [key, rounds] of cpu) {
  const { low, median, high } = summarize(rounds);
  process.stdout.write(`${key}: ${median.toFixed(2)} µs CPU (${low.toFixed(2)} to ${high.toFixed(2)})\n`);
}

const directory = await mkdtemp(join(tmpdir(), 'shardwright-bench-'));
const first = await startShard(directory, true);
globalThis.gc?.();
const heapBefore = process.memoryUsage();
first.socket.dispatch(guilds);
await new Promise((resolve) => void setTimeout(resolve, 3_000));
globalThis.gc?.();
const heapAfter = process.memoryUsage();
await first.shard.disconnect();
const { size } = await stat(join(directory, 'shard-0.guilds'));
const raw = guilds.reduce((sum, [, after]) => sum + after.length, 0);
const kept = heapAfter.heapUsed + heapAfter.external - heapBefore.heapUsed - heapBefore.external;
const startedAt = performance.now();
const next = await startShard(directory, true);
const startMs = performance.now() - startedAt;
await next.shard.disconnect();
await rm(directory, { recursive: true });
const perGuild = (bytes: number): string => `${(bytes / GUILDS / 1_024).toFixed(1)} KiB`;
process.stdout.write(
  `${GUILDS} guilds of ${perGuild(raw)} each: ${perGuild(size)} of disk per guild, ${perGuild(Math.max(0, kept))} of memory per guild, next start ${(startMs / GUILDS).toFixed(2)} ms per guild\n`,
);
