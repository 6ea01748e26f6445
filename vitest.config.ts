import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The default of one second is not enough on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    // One more than the cores that every machine has: many tests wait for servers and processes.
    maxWorkers: 3,
    // Tests that are concurrent wait for times that a server counts.
    maxConcurrency: 12,
    // The processes and threads that tests start load the same sources again and again.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    // The way of decoding that is only taken where the faster one can't be trusted.
    setupFiles: [
      'test/kit/v8-flags.ts',
      ...(process.env['SHARDWRIGHT_CODEC'] === 'stream' ? ['test/kit/stream-codec.ts'] : []),
    ],
  },
});
