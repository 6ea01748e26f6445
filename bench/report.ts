/** Writes the tables of the published results into docs/performance.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Figures } from './results.ts';
import type { Results } from './results.ts';
import { BLOCKS } from './tables.ts';

const ROOT = join(import.meta.dirname, '..');

export const LATEST = join(ROOT, 'bench', 'results', 'latest.json');
export const DOCUMENT = join(ROOT, 'docs', 'performance.md');

/** The text between `<!-- bench:NAME -->` and `<!-- /bench -->` is generated. */
const BLOCK = /(<!-- bench:([\w-]+) -->\n)[\s\S]*?(<!-- \/bench -->)/g;

export const readResults = (file: string): Results => JSON.parse(readFileSync(file, 'utf8')) as Results;

/** Returns the text with new blocks. @throws for a block that has no content */
export const replaceBlocks = (text: string, contentOf: (name: string) => string | undefined): string =>
  text.replaceAll(BLOCK, (_whole, begin: string, name: string, end: string) => {
    const content = contentOf(name);
    if (content === undefined) throw new Error(`there is no block named ${name}`);
    return `${begin}${content}\n${end}`;
  });

export const blockNamesIn = (text: string): string[] => [...text.matchAll(BLOCK)].map(([, , name = '']) => name);

/** Returns the document with the tables of these results. */
export function documentWith(text: string, results: Results): string {
  const figures = new Figures(results);
  return replaceBlocks(text, (name) => BLOCKS[name]?.(figures));
}
