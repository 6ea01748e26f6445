import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';

export default {
  input: ['bot.mjs', 'thread.mjs'],
  output: { dir: 'out/rollup', format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' },
  plugins: [
    nodeResolve({ preferBuiltins: true, exportConditions: ['node'] }),
    commonjs({ ignoreDynamicRequires: true }),
    json(),
  ],
};
