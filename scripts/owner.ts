/** `npm run owner -- NAME`: writes into package.json whose repository this is. No other file names the owner. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './run.ts';

const FILE = join(ROOT, 'package.json');
const ADDRESS = /(github\.com\/)[\w.-]+(\/shardwright\b)/g;

const [name = ''] = process.argv.slice(2);
if (/^[a-z\d](?:[a-z\d-]{0,37}[a-z\d])?$/i.test(name)) {
  const text = await readFile(FILE, 'utf8');
  await writeFile(FILE, text.replaceAll(ADDRESS, `$1${name}$2`));
  console.log(`package.json: the repository is github.com/${name}/shardwright`);
} else {
  console.error('Give the name of the account or organization that has the repository: npm run owner -- NAME');
  process.exitCode = 1;
}
