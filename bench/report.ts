/** The documents that show the figures of the published results. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceBlocks } from './markdown-blocks.ts';
import { Figures } from './results.ts';
import type { Results } from './results.ts';
import { BLOCKS } from './tables.ts';

const ROOT = join(import.meta.dirname, '..');

export const LATEST = join(ROOT, 'bench', 'results', 'latest.json');
export const DOCUMENTS: readonly string[] = [join(ROOT, 'docs', 'performance.md'), join(ROOT, 'README.md')];

export const readResults = (file: string): Results => JSON.parse(readFileSync(file, 'utf8')) as Results;

/** A document with the figures of these results in it. */
export function documentWith(text: string, results: Results): string {
  const figures = new Figures(results);
  return replaceBlocks(text, (name) => BLOCKS[name]?.(figures));
}
