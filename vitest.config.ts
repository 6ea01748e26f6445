import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/kit/slowest-first.ts';

const TESTS = ['test/**/*.test.ts', 'examples/**/*.test.ts'];

/** Tests that leave nothing behind in their process: no server, no thread, no global variable. */
const CLEAN = ['actors', 'charts', 'connection', 'decoding', 'http', 'identify', 'machines', 'mutants']
  .concat('properties', 'protocol', 'session', 'shard', 'testing')
  .map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The default of one second is not enough on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    // More than the cores that every machine has: many tests wait for servers and processes.
    maxWorkers: 4,
    // Tests that are concurrent wait for times that a server counts.
    maxConcurrency: 12,
    sequence: { sequencer: SlowestFirst },
    // The processes and threads that tests start load the same sources again and again.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    // The way of decoding that is only taken where the faster one can't be trusted.
    setupFiles: [
      'test/kit/v8-flags.ts',
      ...(process.env['SHARDWRIGHT_CODEC'] === 'stream' ? ['test/kit/stream-codec.ts'] : []),
    ],
    projects: [
      // To load the library once for many files takes a third less time than once for each.
      { extends: true, test: { name: 'clean', include: CLEAN, isolate: false } },
      { extends: true, test: { name: 'isolated', include: TESTS, exclude: [...configDefaults.exclude, ...CLEAN] } },
    ],
  },
});
