/** The sources as a graph of imports, type imports included, with the checks of the layers. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface SourceFile {
  /** The path from the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The text without its comments. */
  readonly code: string;
  readonly imports: readonly string[];
}

const withoutComments = (text: string): string =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/(^|\s)\/\/.*$/gm, '$1');

const IMPORTS = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;

export function sourceFile(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  return { path, text, code, imports: [...code.matchAll(IMPORTS)].map(([, , specifier = '']) => specifier) };
}

export function readTree(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .toSorted()
      .map((file) => posix.join(folder, file.replaceAll('\\', '/')))
      .map((path) => sourceFile(path, readFileSync(join(ROOT, path), 'utf8'))),
  );
}

const isRelative = (specifier: string): boolean => specifier.startsWith('.');
const targetsOf = (file: SourceFile): string[] => [
  ...new Set(file.imports.filter(isRelative).map((to) => posix.join(dirname(file.path), to))),
];

/** The layers, from the core to the edge. Folders of one line may import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['machines'],
  ['protocol', 'http'],
  ['decoding'],
  ['session'],
  ['connection', 'identify'],
  ['actors'],
  ['shard'],
  ['cluster'],
  ['manager'],
  ['index'],
  ['frameworks'],
  ['cli', 'inspect', 'metrics', 'recorder', 'testing', 'redis', 'discordjs', 'discordeno', 'seyfert'],
];
const SHARED_FILES = ['src/clock.ts', 'src/node-modules.ts', 'src/version.ts', 'machines/transitions.ts'];

/**
 * What the fake gateway may share with the client it judges. The ports are for the suite that every engine passes, the
 * format of recordings for what the gateway replays.
 */
const TESTING_MAY_IMPORT = /^src\/(testing|protocol|http|cluster\/ports|recorder\/format)\//;

const folderOf = (path: string): string => /^(?:src\/)?([\w-]+)/.exec(path)?.[1] ?? path;
const layerOf = (path: string): number => LAYERS.findIndex((layer) => layer.includes(folderOf(path)));

function violationOf(from: string, to: string): string | null {
  if (SHARED_FILES.includes(from)) return `${from} → ${to}: a shared file imports nothing`;
  if (SHARED_FILES.includes(to)) return folderOf(from) === 'machines' ? `${from} → ${to} points outwards` : null;
  if (layerOf(from) === -1) return `${from} has no place in the layers`;
  if (layerOf(to) === -1) return `${from} → ${to}, which has no place in the layers`;
  if (folderOf(from) === 'testing' && !TESTING_MAY_IMPORT.test(to))
    return `${from} → ${to}: the fake gateway shares only protocol and http`;
  return layerOf(to) > layerOf(from) ? `${from} → ${to} points outwards` : null;
}

/** Returns every import that points outwards, as a sentence. */
export function forbiddenImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => targetsOf(file).flatMap((to) => violationOf(file.path, to) ?? []));
}

/** Returns each cycle once, as paths joined by arrows. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, targetsOf(file)]));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) found.push([...trail.slice(start), path].join(' → '));
    if (start !== -1 || done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

/** Real time and random numbers, which only the defaults of the ports may use. */
const NONDETERMINISM: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Date.now', /\bDate\.now\b/],
  ['new Date()', /\bnew Date\(\)/],
  ['Math.random', /\bMath\.random\b/],
  ['performance.now', /\bperformance\.now\b/],
  ['a bare timer', /(?<![.\w#])setTimeout\(/],
  ['an interval', /(?<![.\w#])setInterval\(/],
  ['a global timer', /\bglobalThis\.set(?:Timeout|Interval)\b/],
  ['node:timers', /['"](?:node:)?timers(?:\/promises)?['"]/],
  ['AbortSignal.timeout', /\bAbortSignal\.timeout\b/],
];

/** Returns each use of real time or random numbers, as `path:line what`. */
export function nondeterminismUses(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, code }) =>
    code
      .split('\n')
      .flatMap((line, index) =>
        NONDETERMINISM.filter(([, pattern]) => pattern.test(line)).map(([what]) => `${path}:${index + 1} ${what}`),
      ),
  );
}
