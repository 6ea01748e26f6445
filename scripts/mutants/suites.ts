/** The suites that have to notice a mutant, those that load the least first, and what each of them loads. */
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from '../run.ts';

/** Not those that start processes, which would never see a mutant, nor those that read the sources. */
const FOLDERS = [
  'machines',
  'session',
  'shard',
  'actors',
  'connection',
  'decoding',
  'identify',
  'behaviours',
  'testing/model',
  'properties',
  'simulator',
  'testing/oracle',
  'telemetry',
];
/** The first two take longer than all the others together; the last starts threads, which would never see a mutant. */
const LEFT_OUT = [
  'test/behaviours/secrets.test.ts',
  'test/simulator/seeds.more.test.ts',
  'test/telemetry/workers.test.ts',
];

/** Those that walk through everything a shard can do notice much, but reach every mutant, and take their time. */
const SLOW_SUITES = /^test\/(?:machines\/model|testing\/(?:model|oracle)|simulator)\//;

/** Tells the suites to the Vitest that Stryker starts. */
export const SUITES_VARIABLE = 'MUTANTS_SUITES';

/** Types are gone when a file is loaded. Some tests load one late, into a world that they have changed. */
const STATIC_IMPORTS = /(?:^(?:import|export) (?!type)[^;]*?|\b(?:import|importActual<[^>]*>)\()'(\.[^']+)'(?:;$|\))/gm;

/** All files a file loads, itself included, from the repository's root. */
export function loadedBy(file: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  const code = readFileSync(join(ROOT, file), 'utf8');
  for (const [, specifier = ''] of code.matchAll(STATIC_IMPORTS))
    loadedBy(posix.join(posix.dirname(file), specifier), loaded);
  return loaded;
}

/** A suite that loads little is quick, and is about little: it is the first to ask. */
export const SUITES: readonly string[] = FOLDERS.flatMap((folder) =>
  globSync(`test/${folder}/**/*.test.ts`, { cwd: ROOT }),
)
  .filter((suite) => !LEFT_OUT.includes(suite))
  .toSorted((a, b) => loadedBy(a).size - loadedBy(b).size || (a < b ? -1 : 1));

/** The suites that load one of these files; quick ones only, if there may be many mutants. */
export const suitesOf = (files: readonly string[], { quick = false } = {}): string[] =>
  SUITES.filter(
    (suite) => !(quick && SLOW_SUITES.test(suite)) && [...loadedBy(suite)].some((file) => files.includes(file)),
  );
