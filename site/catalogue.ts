/**
 * The site's pages, found in the repository: the README, everything below `docs`, and the pages about the project.
 * `order.json` sorts them. A page that it doesn't name follows those it names, so a new page needs only its file.
 */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { plainText } from '../scripts/markdown.ts';
import { ROOT } from './repository.ts';

export interface Page {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  /** Its first heading. */
  readonly title: string;
  readonly text: string;
}

export interface Catalogue {
  readonly start: Page;
  /** The pages of each folder below `docs`, sorted. */
  readonly folders: readonly { readonly title: string; readonly pages: readonly Page[] }[];
  readonly project: readonly Page[];
}

interface Order {
  folders: Record<string, string>;
  pages: string[];
  project: string[];
}

const order = JSON.parse(await readFile(join(import.meta.dirname, 'order.json'), 'utf8')) as Order;

async function readPage(path: string): Promise<Page> {
  const text = await readFile(join(ROOT, path), 'utf8');
  const heading = /^# (.+)$/m.exec(text)?.[1];
  if (heading === undefined)
    throw new Error(`${path} has no heading of the first level, which is its title in the sidebar`);
  return { path, title: plainText(heading), text };
}

const placeIn = (list: readonly string[], item: string): number =>
  list.includes(item) ? list.indexOf(item) : list.length;
const by =
  (list: readonly string[]) =>
  (one: string, other: string): number =>
    placeIn(list, one) - placeIn(list, other) || one.localeCompare(other, 'en');

const titleOf = (folder: string): string => {
  const name = folder.slice(folder.lastIndexOf('/') + 1).replaceAll('-', ' ');
  return order.folders[folder] ?? `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
};

export async function readCatalogue(): Promise<Catalogue> {
  const files = (await readdir(join(ROOT, 'docs'), { recursive: true }))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .toSorted(by(order.pages));
  const pages = await Promise.all(files.map(readPage));
  const folders = [...new Set(files.map((file) => dirname(file)))].toSorted(by(Object.keys(order.folders)));
  return {
    start: await readPage('README.md'),
    folders: folders.map((folder) => ({
      title: titleOf(folder),
      pages: pages.filter(({ path }) => dirname(path) === folder),
    })),
    project: await Promise.all(order.project.filter((path) => existsSync(join(ROOT, path))).map(readPage)),
  };
}

export const allPages = ({ start, folders, project }: Catalogue): Page[] => [
  start,
  ...folders.flatMap(({ pages }) => pages),
  ...project,
];

/** The address of a page on the site. */
export const linkOf = ({ path }: Page): string => (path === 'README.md' ? '/' : `/${path.replace(/\.md$/, '')}`);
