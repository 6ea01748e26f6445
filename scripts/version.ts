/** `npm run release:version`: applies the changesets, then writes the new version wherever else it stands. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, run } from './run.ts';

const CHANGELOG = join(ROOT, 'CHANGELOG.md');
const SOURCE = join(ROOT, 'src', 'version.ts');
const STARTER = join(ROOT, 'create-shardwright', 'package.json');
const TITLE = '# Changelog\n\n';

/** The lines between the title and the newest version. */
const [introduction = ''] = (await readFile(CHANGELOG, 'utf8')).slice(TITLE.length).split(/^(?=## )/m);

await run('changeset', ['version']);

// Changesets writes the new version directly below the title, above the introduction.
const changelog = (await readFile(CHANGELOG, 'utf8'))
  .replace(introduction, '')
  .replace(TITLE, `${TITLE}${introduction}`);
await writeFile(CHANGELOG, changelog);

const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
await writeFile(SOURCE, (await readFile(SOURCE, 'utf8')).replace(/(VERSION = ')[^']+/, `$1${version}`));
await writeFile(STARTER, (await readFile(STARTER, 'utf8')).replace(/("version": ")[^"]+/, `$1${version}`));
await run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund']);
