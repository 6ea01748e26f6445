/** The suites that have to notice a mutant, the quickest kinds first, and what each of them loads. */
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from '../run.ts';

/** Not those that start processes, which would never see a mutant, nor those that read the sources. */
const FOLDERS = ['machines', 'session', 'shard', 'actors', 'behaviours', 'model', 'oracle', 'properties', 'sim'];
/** Each takes longer than all the others together. */
const LEFT_OUT = ['test/behaviours/secrets.test.ts', 'test/sim/sim.more.test.ts'];

export const SUITES: readonly string[] = FOLDERS.flatMap((folder) => globSync(`test/${folder}/**/*.test.ts`, { cwd: ROOT }).toSorted()).filter(
  (suite) => !LEFT_OUT.includes(suite),
);

/** Types are gone when a file is loaded. */
const LOADS = /^(?:import|export) (?!type)[^;]*?'(\.[^']+)';$/gm;

/** All files a file loads, itself included, from the repository's root. */
export function loadedBy(file: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  const code = readFileSync(join(ROOT, file), 'utf8');
  for (const [, specifier = ''] of code.matchAll(LOADS)) loadedBy(posix.join(posix.dirname(file), specifier), loaded);
  return loaded;
}
