/**
 * Builds one file for each entry, and files for what entries share: importing a hundred small files takes Node twice as
 * long. The JavaScript keeps its names and its lines, so that a stack trace can be read without a source map. The
 * comments are in the declarations.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import type { InputOptions, OutputOptions, Plugin, RenderedChunk } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { ROOT } from '../run.ts';
import { codeSplitting } from './chunks.ts';
import { ENTRIES } from './entries.ts';

const DIST = join(ROOT, 'dist');

/** Packages, and modules of Node. */
const EXTERNAL = [/^[a-z@]/];

const input = Object.fromEntries(Object.entries(ENTRIES).map(([name, source]) => [name, join(ROOT, source)]));

/** Sources name files relative to their own folder. All built files lie in one. */
const MOVED_URLS: Readonly<Record<string, string>> = {
  "new URL('../thread/entry.js', import.meta.url)": "new URL('./shardwright-thread.js', import.meta.url)",
  "'../../../docs/charts/'": "'../docs/charts/'",
};

function movedUrls(): Plugin {
  const missing = new Set(Object.keys(MOVED_URLS));
  return {
    name: 'moved-urls',
    transform(code) {
      let moved = code;
      for (const [from, to] of Object.entries(MOVED_URLS)) {
        if (!moved.includes(from)) continue;
        missing.delete(from);
        moved = moved.replaceAll(from, to);
      }
      return moved === code ? null : moved;
    },
    buildEnd() {
      if (missing.size > 0) throw new Error(`no source has ${[...missing].join(' or ')}; correct MOVED_URLS`);
    },
  };
}

async function write(options: InputOptions, output: OutputOptions = {}): Promise<void> {
  await using bundle = await rolldown({
    cwd: ROOT,
    input,
    platform: 'node',
    external: EXTERNAL,
    checks: { pluginTimings: false },
    ...options,
  });
  // In one folder, so that a URL relative to a file is right whichever file the code ends up in.
  await bundle.write({
    dir: DIST,
    format: 'es',
    chunkFileNames: 'shared-[name].js',
    entryFileNames: '[name].js',
    ...output,
  });
}

/** package.json lists the built files with side effects, and the sources are other files. */
const withSideEffects: Plugin = {
  name: 'with-side-effects',
  transform: (_, id) => (id.endsWith('/require-node.ts') ? { moduleSideEffects: 'no-treeshake' } : null),
};

/** The bundler orders the imports of a file by rules of its own. This one has to be the first. */
const REFUSE_OLD_NODE = "import './shared-require-node.js';";

const needsNode = (source: string): boolean => readFileSync(source, 'utf8').includes('protocol/require-node.ts');

const banner = ({ isEntry, facadeModuleId }: RenderedChunk): string =>
  isEntry && facadeModuleId !== null && needsNode(facadeModuleId) ? REFUSE_OLD_NODE : '';

export const writeJavaScript = (): Promise<void> =>
  write(
    { plugins: [movedUrls(), withSideEffects], preserveEntrySignatures: 'allow-extension' },
    { comments: { jsdoc: false }, banner, codeSplitting: codeSplitting() },
  );

/** The page runs in a browser, whose tools unfold it. Users have no reason to step through it, but they download it. */
export async function writePage(source: string, file: string): Promise<void> {
  await using bundle = await rolldown({ cwd: ROOT, input: source, platform: 'browser' });
  await bundle.write({ file, format: 'es', minify: true });
}

/** Bundles declarations that the compiler has written into a folder. */
export function writeTypes(compiled: string): Promise<void> {
  const declarations = Object.entries(ENTRIES).map(([name, source]) => [
    name,
    join(compiled, source.replace(/\.ts$/, '.d.ts')),
  ]);
  return write({ input: Object.fromEntries(declarations), plugins: [dts({ dtsInput: true, tsconfig: false })] });
}
