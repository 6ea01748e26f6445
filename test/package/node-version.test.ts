/** What a Node that is too old shows, and what bundlers must not drop. The sources are read, because no such Node runs here. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sourceOf } from '../../scripts/build/entries.ts';
import { nodeRefusal } from '../../src/protocol/node-version.ts';
import { ROOT, readTree } from './source-tree.ts';

/** Runs in a browser. */
const PAGE = 'src/inspect/page/';

interface Manifest {
  readonly engines: { readonly node: string };
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly sideEffects: readonly string[];
}

const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** The file of a module that several entries import for what it does. */
const sharedFileOf = (source: string): string => `./dist/shared-${basename(source, '.ts')}.js`;

/** The entries that need Node. The machines need none: they import xstate and themselves. */
const ENTRIES = Object.values(manifest.exports)
  .flatMap((target) => (typeof target === 'string' ? [] : [sourceOf(target.default)]))
  .filter((file) => file.startsWith('src/'));

const FIRST_IMPORT = /^(?:import|export) (?:[^;]*? from )?'([^']+)'/m;

/** Names that Node 20 does not export: a module that imports one can't be linked there. */
const NEWER_NAMES = /import \{[^}]*\b(?:crc32|\w*Zstd\w*|stripTypeScriptTypes|registerHooks)\b[^}]*\} from 'node:/;

describe('a Node that is too old', () => {
  test.each([
    ['20.20.2', 'shardwright needs Node 22.15 or later, and this is Node 20.20.2'],
    ['22.14.9', 'shardwright needs Node 22.15 or later, and this is Node 22.14.9'],
    ['22.15.0', null],
    ['24.0.0', null],
  ])('%s: %s', (version, refusal) => {
    expect(nodeRefusal(version)).toBe(refusal);
  });

  test('is the one that package.json excludes', () => {
    expect(nodeRefusal('0.0.0')).toContain(`Node ${manifest.engines.node.replace('>=', '')} or later`);
  });

  test.each(ENTRIES)('is refused before anything else of %s runs', async (file) => {
    const [, first = ''] = FIRST_IMPORT.exec(await readFile(join(ROOT, file), 'utf8')) ?? [];
    expect(first).toMatch(/\/protocol\/require-node\.ts$/);
  });

  test('can link every module of src', () => {
    const found = readTree('src').filter(({ text }) => NEWER_NAMES.test(text));
    expect(found.map(({ path }) => path)).toEqual([]);
  });
});

describe('sideEffects', () => {
  test('names every module that is imported, or run, for what it does', async () => {
    const imported = readTree('src').flatMap(({ path, text }) =>
      [...text.matchAll(/^import '(\.[^']+)';$/gm)].map(([, specifier = '']) => join(path, '..', specifier)),
    );
    const thread = manifest.exports['./thread'];
    const run = [...Object.values(manifest.bin), typeof thread === 'object' ? thread.default : ''];
    const shared = [...new Set(imported)].filter((file) => !file.startsWith(PAGE)).map(sharedFileOf);
    const needed = [...run.map((file) => `./${file.replace(/^\.\//, '')}`), ...shared];
    expect(manifest.sideEffects.toSorted()).toEqual(needed.toSorted());
  });
});
