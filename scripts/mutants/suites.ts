/** The suites that have to notice a mutant, the quickest kinds first. */
import { globSync } from 'node:fs';
import { ROOT } from '../run.ts';

/** Not those that start processes, which would never see a mutant, nor those that read the sources. */
const FOLDERS = ['machines', 'session', 'shard', 'actors', 'behaviours', 'model', 'oracle', 'properties', 'sim'];

/** Takes longer than all the others together, and is about words. */
const LEFT_OUT = ['test/behaviours/secrets.test.ts'];

export const SUITES: readonly string[] = FOLDERS.flatMap((folder) => globSync(`test/${folder}/**/*.test.ts`, { cwd: ROOT }).toSorted()).filter(
  (suite) => !LEFT_OUT.includes(suite),
);
