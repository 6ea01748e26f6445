/**
 * `npm run bench:heap`: of what an idle shard's memory is made. Two fleets are connected, each in a process of its own;
 * what the larger has more, by shard, is what each shard holds, and not what is there once for all.
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
  if (!isClient(client)) throw new Error(`there is no client ${client}; there are ${Object.keys(CLIENTS).join(', ')}`);
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
      `${table([`${CLIENTS[client].name}, by shard`, 'objects', 'bytes'], [...rows, ['all', '', total.toFixed(0)]])}\n`,
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
