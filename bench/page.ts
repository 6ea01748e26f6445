/**
 * `npm run bench:page`: prints what 1,000 idle shards cost in CPU time a minute, without and with an open inspector page.
 * The sockets are in memory. The page runs in another process, as in a browser, so only the bot's side is measured.
 */
import { once } from 'node:events';
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { createInspector } from '../src/inspect/index.ts';
import { Shard } from '../src/index.ts';
import type { WebSocketLike } from '../src/index.ts';
import { table } from './markdown.ts';
import { QuietSocket, openGate } from './quiet-socket.ts';
import { ACK_TEXT, Op, TOKEN, helloText, readyText } from './server/packets.ts';
import type { Packet } from './server/packets.ts';

const SHARDS = 1_000;
const HEARTBEAT_INTERVAL_MS = 41_250;
const SETTLE_MS = 5_000;
const MEASURE_MS = 20_000;

/** Reads what the inspector sends, and parses it as the page does. */
function openPage(url: string): void {
  const page = new WebSocket(`${url.replace('http:', 'ws:')}live`, { headers: { origin: url.replace(/\/$/, '') } });
  let [messages, bytes] = [0, 0];
  page.on('message', (data: Buffer) => {
    JSON.parse(data.toString());
    messages += 1;
    bytes += data.length;
  });
  page.once('open', () => process.send?.('open'));
  process.on('message', () => {
    process.send?.({ messages, bytes });
    [messages, bytes] = [0, 0];
  });
}

function answer(text: string, socket: QuietSocket): void {
  const { op } = JSON.parse(text) as Packet;
  const reply = op === Op.heartbeat ? ACK_TEXT : readyText('bench', 'wss://gateway.test', [0, SHARDS]);
  setImmediate(() => socket.emit('message', Buffer.from(reply), false));
}

function createSocket(): WebSocketLike {
  const socket = new QuietSocket(answer);
  setImmediate(() => {
    socket.open();
    socket.emit('message', Buffer.from(helloText(HEARTBEAT_INTERVAL_MS)), false);
  });
  return socket;
}

async function cpuSecondsAMinute(): Promise<number> {
  await sleep(SETTLE_MS);
  const before = process.cpuUsage();
  await sleep(MEASURE_MS);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1e6) * (60_000 / MEASURE_MS);
}

async function main(): Promise<void> {
  await using inspector = await createInspector();
  const fleet = Array.from({ length: SHARDS }, (_, shardId) => {
    const options = { token: TOKEN, intents: 1, url: 'wss://gateway.test', shardId, shardCount: SHARDS } as const;
    const { inspect } = inspector;
    return new Shard({ ...options, compression: 'none', identifyGate: openGate, createSocket, inspect });
  });
  await Promise.all(fleet.map((shard) => shard.connect()));
  const without = await cpuSecondsAMinute();
  const page = fork(import.meta.filename, [inspector.url]);
  await once(page, 'message');
  page.send('reset');
  await once(page, 'message');
  const withPage = await cpuSecondsAMinute();
  page.send('report');
  const [received] = (await once(page, 'message')) as [{ messages: number; bytes: number }];
  page.kill();
  for (const shard of fleet) shard.forceClose();
  const seconds = (SETTLE_MS + MEASURE_MS) / 1000;
  process.stdout.write(
    `${table(
      [`${SHARDS} idle shards`, 'CPU, s a minute', 'messages/s', 'KiB/s'],
      [
        ['no page', without.toFixed(2), '', ''],
        [
          'a page is open',
          withPage.toFixed(2),
          (received.messages / seconds).toFixed(1),
          (received.bytes / 1024 / seconds).toFixed(1),
        ],
      ],
    )}\n`,
  );
}

const [url] = process.argv.slice(2);
if (url === undefined) await main();
else openPage(url);
