/** Writes the figures of all runs into README.md and docs/performance.md. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ranges } from './ranges.ts';
import type { RecordedCase, Run } from './results.ts';
import { toJson } from './results.ts';
import { contentOf } from './tables.ts';

const ROOT = join(import.meta.dirname, '..');

/** One file for each run. After a change that makes the library faster or slower, delete the runs before it. */
export const RUNS = join(ROOT, 'bench', 'results', 'runs');
export const DOCUMENTS = ['docs/performance.md', 'README.md'].map((path) => join(ROOT, path));

/** The text between `<!-- bench:NAME -->` and `<!-- /bench -->` is generated, lines of it or a part of a line. */
const BLOCK = /(<!-- bench:([\w-]+) -->)(\n?)[\s\S]*?(<!-- \/bench -->)/g;

/** Returns the runs, the oldest first. */
export const readRuns = (folder: string = RUNS): Run[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .toSorted()
        .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Run)
    : [];

const lineOf = (item: RecordedCase): string => JSON.stringify(JSON.parse(toJson(item)));

/** Returns a run as JSON, with one case on a line. */
export const runToJson = ({ cases, ...run }: Run): string => {
  const head = toJson(run).trimEnd().slice(0, -2);
  return `${head},\n "cases": [\n${cases.map((item) => `  ${lineOf(item)}`).join(',\n')}\n ]\n}\n`;
};

/** Writes a run into a file of its own. Returns the file. */
export function writeRun(run: Run, folder: string = RUNS): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${run.machine.date}T${run.time.replace(':', '')}Z.json`);
  writeFileSync(file, runToJson(run));
  return file;
}

/** Returns the text with new blocks. @throws for a block that has no content */
export const replaceBlocks = (text: string, content: (name: string) => string | undefined): string =>
  text.replaceAll(BLOCK, (_whole, begin: string, name: string, lineBreak: string, end: string) => {
    const body = content(name);
    if (body === undefined) throw new Error(`there is no block named ${name}`);
    return `${begin}${lineBreak}${body}${lineBreak}${end}`;
  });

export const blockNamesIn = (text: string): string[] => [...text.matchAll(BLOCK)].map(([, , name = '']) => name);

/** Returns the document with the figures of these runs. */
export function documentWith(text: string, runs: readonly Run[]): string {
  const ranges = new Ranges(runs);
  return replaceBlocks(text, (name) => contentOf(name, ranges));
}
