/**
 * `npm run soak:threads`: starts and kills threads that scan JSON with WebAssembly, to see whether V8 ends the process
 * over it, as it can when threads compile the same WebAssembly. It prints how many threads it started; a crash has an exit
 * code of its own. To check another version of Node, run this file with it.
 *
 * The threads run JavaScript, as in the published package: Node strips types with WebAssembly of its own.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '120' }, parallel: { type: 'string', default: '8' } },
});

const SCANNER = join(import.meta.dirname, '..', 'src', 'decoding', 'json-scanner');
const FILES = ['json-scanner', 'json-scanner.wasm'];

/** Scans small and large packets for a while, then says so; half of the threads never stop. */
const THREAD = `
import { parentPort, workerData } from 'node:worker_threads';
import { findChunks, findObjectEnd } from './json-scanner.mjs';
const element = JSON.stringify({ a: 'x'.repeat(200), b: [1, { c: '"}' }] });
const packet = (count) => Buffer.from('{"d":{"a":[' + Array(count).fill(element).join(',') + ']}}');
const [small, large] = [packet(2), packet(600)];
const scan = () => {
  for (let n = 0; n < 500; n += 1) findObjectEnd(small, 5, small.length - 1);
  findChunks(large, 32_768);
};
const until = performance.now() + workerData.ms;
while (performance.now() < until) scan();
parentPort.postMessage('scanned');
while (workerData.neverStops) scan();
`;

/** Most threads scan for less than this, and some are killed before they have begun. */
const MAX_MS = 60;

type ScannerData = typeof import('../src/decoding/json-scanner/json-scanner.ts').scannerData;

async function soak(
  file: string,
  scannerData: ScannerData,
  untilMs: number,
): Promise<{ started: number; killed: number }> {
  let started = 0;
  let killed = 0;
  while (Date.now() < untilMs) {
    const neverStops = Math.random() < 0.5;
    const data = { ...scannerData(), ms: Math.random() * MAX_MS, neverStops };
    const thread = new Worker(file, { workerData: data });
    started += 1;
    const exited = new Promise((resolve) => thread.once('exit', resolve));
    const scanned = new Promise((resolve) => thread.once('message', resolve));
    const killsEarly = Math.random() < 0.3;
    await (killsEarly ? sleep(Math.random() * MAX_MS) : Promise.race([scanned, exited]));
    if (killsEarly || neverStops) {
      killed += 1;
      await thread.terminate();
    }
    await exited;
  }
  return { started, killed };
}

const folder = mkdtempSync(join(tmpdir(), 'shardwright-soak-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const name of FILES) {
  const source = stripTypeScriptTypes(readFileSync(join(SCANNER, `${name}.ts`), 'utf8'));
  writeFileSync(join(folder, `${name}.mjs`), source.replaceAll(".ts'", ".mjs'"));
}
const file = join(folder, 'thread.mjs');
writeFileSync(file, THREAD);

const { scannerData } = (await import(pathToFileURL(join(folder, 'json-scanner.mjs')).href)) as {
  scannerData: ScannerData;
};

const untilMs = Date.now() + Number(values.seconds) * 1_000;
const counts = await Promise.all(
  Array.from({ length: Number(values.parallel) }, () => soak(file, scannerData, untilMs)),
);
const sumOf = (name: 'started' | 'killed'): number => counts.reduce((sum, count) => sum + count[name], 0);
process.stdout.write(`Node ${process.version}: started ${sumOf('started')} threads, killed ${sumOf('killed')}\n`);
