import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['bot.mjs', 'thread.mjs'],
  outDir: 'out/tsup',
  format: 'esm',
  platform: 'node',
  target: 'node22',
  noExternal: [/.*/],
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
