/**
 * `npm run bench:heap`: prints the objects that an idle shard holds. It connects 100 shards in one process and 500 in
 * another. The difference, divided by the number of shards, leaves out what all shards share.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLIENTS } from './clients.ts';
import type { ClientId } from './clients.ts';
import { kindsIn } from './heap-snapshot.ts';
import type { Kind } from './heap-snapshot.ts';
import { table } from './markdown.ts';
import { liveSetup } from './scenarios/live.ts';
import { Harness } from './harness.ts';

const [FEW, MANY] = [100, 500];
const ROWS = 40;
const NOTHING: Kind = { count: 0, bytes: 0 };

const isClient = (id: string): id is ClientId => id in CLIENTS;

async function kindsOf(client: ClientId, shards: number, harness: Harness, folder: string): Promise<Map<string, Kind>> {
  const file = join(folder, `${shards}.heapsnapshot`);
  return harness.run({ client, setup: liveSetup(shards) }, async (connected) => {
    await connected.client.call('heapSnapshot', file);
    return kindsIn(file);
  });
}

async function main(client: string = 'ours-zlib'): Promise<void> {
  if (!isClient(client))
    throw new Error(`unknown client ${client}; the clients are ${Object.keys(CLIENTS).join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'shardwright-heap-'));
  try {
    await using harness = new Harness();
    const few = await kindsOf(client, FEW, harness, folder);
    const many = await kindsOf(client, MANY, harness, folder);
    const perShard = (of: (kind: Kind) => number, kind: string): number =>
      (of(many.get(kind) ?? NOTHING) - of(few.get(kind) ?? NOTHING)) / (MANY - FEW);
    const kinds = [...many.keys()].map((kind) => ({
      kind,
      count: perShard(({ count }) => count, kind),
      bytes: perShard(({ bytes }) => bytes, kind),
    }));
    const rows = kinds
      .toSorted((a, b) => b.bytes - a.bytes)
      .slice(0, ROWS)
      .map(({ kind, count, bytes }) => [kind, count.toFixed(2), bytes.toFixed(0)]);
    const total = kinds.reduce((sum, { bytes }) => sum + bytes, 0);
    process.stdout.write(
      `${table([`${CLIENTS[client].name}, per shard`, 'objects', 'bytes'], [...rows, ['all', '', total.toFixed(0)]])}\n`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

try {
  await main(process.argv[2]);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
