/**
 * `npm run bench:allocation`: prints what a shard allocates when it is created, connects, beats and resumes, in KiB, and
 * the CPU time of a beat. Sockets are in memory and time is virtual, so that only the library is measured, and every run
 * gives the same numbers. The young generation is so large that nothing is collected meanwhile.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { constants, createDeflate } from 'node:zlib';
import type { Deflate } from 'node:zlib';
import { Shard } from '../src/index.ts';
import { VirtualClock } from '../src/testing/virtual-clock.ts';
import { table } from './markdown.ts';
import { QuietSocket, openGate } from './quiet-socket.ts';
import { quantile } from './statistics.ts';
import { ACK_TEXT, TOKEN, helloText, readyText, resumedText } from './server/packets.ts';

const SHARDS = 50;
/** The first fleets let the JIT settle. */
const WARM_UP_FLEETS = 20;
const MEASURED_FLEETS = 9;
const BEATS = 5;
const HEARTBEAT_INTERVAL_MS = 41_250;

/** What the gateway sends on a connection that identifies, and on one that resumes, compressed as one stream each. */
async function framesOf(texts: readonly string[]): Promise<readonly Buffer[]> {
  const deflate = createDeflate();
  const frames: Buffer[] = [];
  for (const text of texts) frames.push(await deflated(deflate, text));
  deflate.close();
  return frames;
}

function deflated(deflate: Deflate, text: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const collect = (chunk: Buffer): void => void chunks.push(chunk);
  deflate.on('data', collect);
  deflate.write(text);
  return new Promise((resolve) => {
    deflate.flush(constants.Z_SYNC_FLUSH, () => {
      deflate.off('data', collect);
      resolve(Buffer.concat(chunks));
    });
  });
}

class MeasuredShard {
  readonly clock = new VirtualClock();
  readonly shard: Shard;
  socket = new QuietSocket();

  constructor(shardId: number) {
    this.shard = new Shard({
      token: TOKEN,
      intents: 1,
      url: 'wss://gateway.test',
      shardId,
      shardCount: SHARDS,
      identifyGate: openGate,
      clock: this.clock,
      random: () => 0.5,
      createSocket: () => (this.socket = new QuietSocket()),
    });
  }

  receive(frame: Buffer | undefined): void {
    this.socket.emit('message', frame, true);
  }
}

interface Cost {
  readonly bytes: number;
  readonly cpuMs: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const collections = new PerformanceObserver(() => undefined);
collections.observe({ entryTypes: ['gc'] });

/** Runs one step of all shards, and returns what it cost each. */
async function measure(steps: number, run: () => Promise<void>): Promise<Cost> {
  collectGarbage();
  await nextTurn();
  collections.takeRecords();
  const cpu = process.cpuUsage();
  const before = process.memoryUsage().heapUsed;
  await run();
  const bytes = process.memoryUsage().heapUsed - before;
  const { user, system } = process.cpuUsage(cpu);
  const wasCollected = collections.takeRecords().length > 0;
  return { bytes: wasCollected ? Number.NaN : bytes / steps, cpuMs: (user + system) / 1000 / steps };
}

const STEPS = ['create', 'connect', 'beat', 'resume'] as const;
type Step = (typeof STEPS)[number];

async function measureFleet(
  identified: readonly Buffer[],
  resumed: readonly Buffer[],
): Promise<Readonly<Record<Step, Cost>>> {
  const fleet: MeasuredShard[] = [];
  const create = await measure(SHARDS, async () => {
    for (let shardId = 0; shardId < SHARDS; shardId += 1) fleet.push(new MeasuredShard(shardId));
  });
  const handshake = async (frames: readonly Buffer[]): Promise<void> => {
    await nextTurn();
    for (const { socket } of fleet) socket.open();
    for (const shard of fleet) shard.receive(frames[0]);
    await nextTurn();
    for (const shard of fleet) shard.receive(frames[1]);
    await nextTurn();
  };
  const connect = await measure(SHARDS, async () => {
    for (const { shard } of fleet) void shard.connect();
    await handshake(identified);
  });
  // The first heartbeat enters the state; those after it repeat.
  for (const shard of fleet) shard.clock.advance(HEARTBEAT_INTERVAL_MS);
  for (const shard of fleet) shard.receive(identified[2]);
  const beat = await measure(SHARDS * BEATS, async () => {
    for (let beats = 0; beats < BEATS; beats += 1) {
      for (const shard of fleet) shard.clock.advance(HEARTBEAT_INTERVAL_MS);
      for (const shard of fleet) shard.receive(identified[3 + beats]);
    }
  });
  const resume = await measure(SHARDS, async () => {
    for (const { socket } of fleet) socket.close(1006);
    for (const { clock } of fleet) clock.advance(1_000);
    await handshake(resumed);
  });
  const notReady = fleet.filter(({ shard }) => shard.state !== 'ready').length;
  if (notReady > 0) throw new Error(`${notReady} of ${SHARDS} shards are not ready`);
  for (const { shard } of fleet) shard.forceClose();
  await nextTurn();
  return { create, connect, beat, resume };
}

const hello = helloText(HEARTBEAT_INTERVAL_MS);
const acks = Array.from({ length: BEATS + 1 }, () => ACK_TEXT);
const identified = await framesOf([hello, readyText('bench', 'wss://gateway.test', [0, SHARDS]), ...acks]);
const resumed = await framesOf([hello, resumedText(2)]);
for (let fleets = 0; fleets < WARM_UP_FLEETS; fleets += 1) await measureFleet(identified, resumed);
const runs: Awaited<ReturnType<typeof measureFleet>>[] = [];
for (let fleets = 0; fleets < MEASURED_FLEETS; fleets += 1) runs.push(await measureFleet(identified, resumed));

/** External memory, such as that of zlib, makes V8 collect whenever it likes: such a run says nothing. */
const median = (values: readonly number[]): number => quantile(values.filter(Number.isFinite), 0.5);
const rows = STEPS.map((step) => [
  step,
  (median(runs.map((costs) => costs[step].bytes)) / 1024).toFixed(1),
  median(runs.map((costs) => costs[step].cpuMs)).toFixed(3),
]);
process.stdout.write(`${table(['zlib-stream, a shard', 'allocated, KiB', 'CPU, ms'], rows)}\n`);
