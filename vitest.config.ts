import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // The way of decoding that is only taken where the faster one can't be trusted.
    setupFiles: [
      'test/kit/v8-flags.ts',
      ...(process.env['SHARDWRIGHT_CODEC'] === 'stream' ? ['test/kit/stream-codec.ts'] : []),
    ],
  },
});
