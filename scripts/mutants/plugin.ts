/** A Vite plugin that wraps each mutated module, so that every import of it gets the mutant. */
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Plugin } from 'vitest/config';
import { ROOT } from '../run.ts';
import { mutated } from './constants.ts';
import { MODULES } from './modules.ts';

const ORIGINAL = '?original';
const LIVE = join(import.meta.dirname, 'live.ts');

const wrapper = (file: string, names: readonly string[]): string => {
  const original = JSON.stringify(join(ROOT, file) + ORIGINAL);
  return [
    `import * as original from ${original};`,
    `import { live } from ${JSON.stringify(LIVE)};`,
    `const mutated = live(${JSON.stringify(file)}, original);`,
    `export * from ${original};`,
    ...names.map((name) => `export const ${name} = mutated.${name};`),
  ].join('\n');
};

/** @param mutant - returns the id of the current mutant */
export const mutantsPlugin = (mutant: () => string): Plugin => ({
  name: 'shardwright:mutants',
  enforce: 'pre',
  async load(id) {
    const file = relative(ROOT, id);
    if (file.endsWith(ORIGINAL)) return readFile(id.slice(0, -ORIGINAL.length), 'utf8');
    const { names } = MODULES[file] ?? {};
    return names === undefined ? undefined : wrapper(file, names);
  },
  transform: (code, id) => mutated(relative(ROOT, id).replace(ORIGINAL, ''), code, mutant()),
});
