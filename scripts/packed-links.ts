/** Links of the packed pages: each leads to a file of the package or to the web, so that a page reads well outside the repository. */
import { readFile, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { anchorsOf, isAbsolute, targetsOf } from './markdown.ts';

/** Larger than the code. npm and editors show them from the repository. */
const PICTURE = /\.png$/;

/** The dead links of an installed package, by page. */
export async function deadLinks(directory: string): Promise<Map<string, string[]>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => posix.join(posix.relative(directory, entry.parentPath), entry.name));
  const pages = paths.filter((path) => path.endsWith('.md') && !path.startsWith('node_modules/'));
  const texts = new Map(
    await Promise.all(pages.map(async (path) => [path, await readFile(join(directory, path), 'utf8')] as const)),
  );
  const known = new Set(paths);
  const isDead = (page: string, target: string): boolean => {
    if (isAbsolute(target) || PICTURE.test(target)) return false;
    const [file = '', anchor] = target.split('#', 2);
    const found = file === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(file)).replace(/\/$/, '');
    if (!known.has(found)) return true;
    const text = texts.get(found);
    return anchor !== undefined && text !== undefined && !anchorsOf(text).has(decodeURIComponent(anchor));
  };
  const dead = new Map<string, string[]>();
  for (const [page, text] of texts) {
    const targets = targetsOf(text).filter((target) => isDead(page, target));
    if (targets.length > 0) dead.set(page, targets);
  }
  return dead;
}

/** @throws with each page that has a dead link */
export async function checkPackedLinks(directory: string): Promise<void> {
  const dead = await deadLinks(directory);
  const problems = [...dead].map(
    ([page, targets]) => `${page} links to what is not in the package: ${targets.join(', ')}`,
  );
  if (problems.length > 0) throw new Error(problems.join('\n'));
  console.log('links: those of the packed pages lead to files of the package or to the web');
}
