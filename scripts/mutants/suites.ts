/** The test suites that must notice the mutants, the fastest first, and the files that each suite loads. */
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from '../run.ts';

/** Without suites that start processes, where there is no mutant, and suites that read the sources. */
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
/** The first two take longer than all others together. The last starts threads, where there is no mutant. */
const SKIPPED = [
  'test/behaviours/secrets.test.ts',
  'test/simulator/seeds.more.test.ts',
  'test/telemetry/workers.test.ts',
];

/** Suites that walk through all behaviour. They notice much, but every mutant runs all of them, which is slow. */
const SLOW_SUITES = /^test\/(?:machines\/model|testing\/(?:model|oracle)|simulator)\//;

/** The environment variable with the suites for the Vitest that Stryker starts. */
export const SUITES_VARIABLE = 'MUTANTS_SUITES';

/** Imports at run time, without types. Some tests import a module late, after they changed its environment. */
const STATIC_IMPORTS = /(?:^(?:import|export) (?!type)[^;]*?|\b(?:import|importActual<[^>]*>)\()'(\.[^']+)'(?:;$|\))/gm;

/** Returns all files that a file loads, itself included, as paths from the root of the repository. */
export function loadedBy(file: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  const code = readFileSync(join(ROOT, file), 'utf8');
  for (const [, specifier = ''] of code.matchAll(STATIC_IMPORTS))
    loadedBy(posix.join(posix.dirname(file), specifier), loaded);
  return loaded;
}

/** All suites. A suite that loads few files is fast and specific, so it runs first. */
export const SUITES: readonly string[] = FOLDERS.flatMap((folder) =>
  globSync(`test/${folder}/**/*.test.ts`, { cwd: ROOT }),
)
  .filter((suite) => !SKIPPED.includes(suite))
  .toSorted((a, b) => loadedBy(a).size - loadedBy(b).size || (a < b ? -1 : 1));

/** Returns the suites that load one of these files. @param quick - whether to leave out the slow suites */
export const suitesOf = (files: readonly string[], { quick = false } = {}): string[] =>
  SUITES.filter(
    (suite) => !(quick && SLOW_SUITES.test(suite)) && [...loadedBy(suite)].some((file) => files.includes(file)),
  );
