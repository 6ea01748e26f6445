/** `npm run owner -- NAME`: writes into the package.json of both packages whose repository this is. No other file names it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './run.ts';

const FILES = ['package.json', 'create-shardwright/package.json'];
const ADDRESS = /(github\.com\/)[\w.-]+(\/shardwright\b)/g;

const [name = ''] = process.argv.slice(2);
if (/^[a-z\d](?:[a-z\d-]{0,37}[a-z\d])?$/i.test(name)) {
  for (const file of FILES) {
    const path = join(ROOT, file);
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll(ADDRESS, `$1${name}$2`));
    console.log(`${file}: the repository is github.com/${name}/shardwright`);
  }
} else {
  console.error('Give the name of the account or organization that has the repository: npm run owner -- NAME');
  process.exitCode = 1;
}
