/**
 * `npm run release`: publishes what is not published yet. Changesets sees the package at the root only, so this script
 * publishes `create-shardwright`, which has the same version, after it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, run } from './run.ts';

const FOLDER = 'create-shardwright';

/** Rejects when npm can't say it. */
async function isPublished(name: string, version: string): Promise<boolean> {
  const found = run('npm', ['view', name, 'versions', '--json', '--loglevel=silent'], { capture: true });
  // A package that was never published.
  const versions = await found.catch((error: Error) => {
    if (error.message.includes('E404')) return '[]';
    throw error;
  });
  return ([] as unknown[]).concat(JSON.parse(versions)).includes(version);
}

const { name, version } = JSON.parse(await readFile(join(ROOT, FOLDER, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
};
await run('changeset', ['publish']);
if (!(await isPublished(name, version))) await run('npm', ['publish', '--workspace', FOLDER]);
