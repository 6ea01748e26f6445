/** The sources as a graph: who imports whom, type imports included, and what the house says about it. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The text without its comments. */
  readonly code: string;
  readonly imports: readonly string[];
}

const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, '')).replaceAll(/(^|\s)\/\/.*$/gm, '$1');

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

/** The order of the house, from the core to the edge. What shares a line may import each other. */
const RINGS: readonly (readonly string[])[] = [
  ['machines'],
  ['protocol'],
  ['session'],
  ['actors'],
  ['shard'],
  ['manager'],
  ['index'],
  ['cli', 'inspect', 'testing', 'redis', 'discordjs'],
];
const FOR_EVERYBODY = ['src/clock.ts', 'src/version.ts', 'src/chart-transition.ts'];

/** What the fake gateway shares with the client it judges. */
const TESTING_MAY_IMPORT = ['testing', 'protocol'];

const placeOf = (path: string): string => /^(?:src\/)?([\w-]+)/.exec(path)?.[1] ?? path;
const ringOf = (path: string): number => RINGS.findIndex((ring) => ring.includes(placeOf(path)));

function judge(from: string, to: string): string | null {
  if (FOR_EVERYBODY.includes(from)) return `${from} → ${to}: it imports nobody`;
  if (FOR_EVERYBODY.includes(to)) return placeOf(from) === 'machines' ? `${from} → ${to} points outwards` : null;
  if (ringOf(from) === -1) return `${from} has no place in the order of the house`;
  if (ringOf(to) === -1) return `${from} → ${to}, which has no place in the order of the house`;
  if (placeOf(from) === 'testing' && !TESTING_MAY_IMPORT.includes(placeOf(to))) return `${from} → ${to}: the fake shares only protocol`;
  return ringOf(to) > ringOf(from) ? `${from} → ${to} points outwards` : null;
}

/** Every import that goes against the order, as a sentence. */
export function wrongArrows(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => targetsOf(file).flatMap((to) => judge(file.path, to) ?? []));
}

/** Circles, each once, as paths joined by arrows. */
export function circles(files: readonly SourceFile[]): string[] {
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

/** What only a default may reach for: the world's time and chance. */
const WORLD: readonly (readonly [name: string, pattern: RegExp])[] = [
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

/** Each use of time or chance past the ports, as `path:line what`. */
export function worldAccess(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, code }) =>
    code.split('\n').flatMap((line, index) => WORLD.filter(([, pattern]) => pattern.test(line)).map(([what]) => `${path}:${index + 1} ${what}`)),
  );
}
