/** The sidebars of the API reference: one for each entry, because each page of the site contains its whole sidebar. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';

type Item = DefaultTheme.SidebarItem;

const FILE = join(import.meta.dirname, '..', 'pages', 'api', 'typedoc-sidebar.json');

const isEntry = ({ link = '' }: Item): boolean => link.endsWith('/');
const entriesBelow = (items: readonly Item[]): Item[] =>
  items.flatMap((item) => [...(isEntry(item) ? [item] : []), ...entriesBelow(item.items ?? [])]);
const nameOf = ({ link = '' }: Item): string => link.replace(/^\/api\//, '').replace(/\/$/, '');

function readEntries(): Item[] {
  if (!existsSync(FILE)) return [];
  const items = JSON.parse(readFileSync(FILE, 'utf8')) as Item[];
  for (const item of items) item.link ??= `/api/${item.text ?? ''}/`;
  return entriesBelow(items);
}

/** The names of the entries, each with the address of its page. */
export const apiEntries = (): Item[] => readEntries().map((entry) => ({ text: nameOf(entry), link: entry.link ?? '' }));

export function apiSidebars(): DefaultTheme.SidebarMulti {
  const all: Item = { text: 'Entries', items: apiEntries() };
  const sidebars = readEntries().map((entry): [string, Item[]] => {
    const kinds = (entry.items ?? []).filter((item) => entriesBelow([item]).length === 0);
    return [entry.link ?? '', [all, ...kinds.map((kind) => ({ ...kind, collapsed: false }))]];
  });
  return Object.fromEntries([['/api/', [all]], ...sidebars]);
}
