/** Copies the pages to where VitePress reads them. A link to a file that is no page leads to the repository on the web. */
import { statSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join, posix } from 'node:path';
import { isAbsolute, mapTargets } from '../scripts/markdown.ts';
import { allPages } from './catalogue.ts';
import type { Catalogue, Page } from './catalogue.ts';
import { ROOT, addressOf } from './repository.ts';

export const PAGES = join(import.meta.dirname, 'pages');

const IMAGES = ['.svg', '.png', '.jpg', '.webp', '.gif'];

/** Rewrites the links of a page's text. Adds those that lead nowhere to `dead`. */
function withLinks({ path, text }: Page, pages: ReadonlySet<string>, dead: string[]): string {
  const rewrite = (target: string): string => {
    if (isAbsolute(target) || target.startsWith('#')) return target;
    const [file = '', anchor] = target.split('#', 2);
    const found = posix.normalize(posix.join(dirname(path), file)).replace(/\/$/, '');
    const stats = statSync(join(ROOT, found), { throwIfNoEntry: false });
    if (stats === undefined || found.startsWith('..')) dead.push(`${path} → ${target}`);
    const toAnchor = anchor === undefined ? '' : `#${anchor}`;
    if (found === 'README.md') return `${posix.relative(dirname(path), 'index.md')}${toAnchor}`;
    if (pages.has(found) || (found.startsWith('docs/') && IMAGES.includes(extname(found)))) return target;
    return `${addressOf(found, stats?.isDirectory() === true)}${toAnchor}`;
  };
  return mapTargets(text, rewrite);
}

const inDocs = (path: string): string => join(PAGES, path);

/** Throws with all links that lead to nothing in the repository. */
export async function copyPages(catalogue: Catalogue): Promise<void> {
  await rm(PAGES, { recursive: true, force: true });
  const pages = allPages(catalogue);
  const known = new Set(pages.map(({ path }) => path));
  await mkdir(PAGES, { recursive: true });
  // Once for pages that show them, and once as they are for links to them.
  for (const folder of ['docs', 'public/docs'])
    await cp(join(ROOT, 'docs'), inDocs(folder), { recursive: true, filter: (source) => extname(source) !== '.md' });
  const dead: string[] = [];
  for (const page of pages) {
    const to = inDocs(page.path === 'README.md' ? 'index.md' : page.path);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, withLinks(page, known, dead));
  }
  if (dead.length > 0) throw new Error(`Links to what is not in the repository:\n${dead.join('\n')}`);
}
