/** The names in docs/migrating.md are those of the installed packages, and of shardwright. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT, readTree } from './source-tree.ts';

const page = readFileSync(join(ROOT, 'docs/migrating.md'), 'utf8');

/** The declarations in which the names of each table are. */
const DECLARATIONS: Readonly<Record<string, readonly string[]>> = {
  'From @discordjs/ws': ['node_modules/@discordjs/ws/dist/index.d.ts'],
  'From the ShardingManager of discord.js': ['node_modules/discord.js/typings/index.d.ts'],
  'From discord-hybrid-sharding': ['node_modules/discord-hybrid-sharding/dist'],
  'From eris': ['node_modules/eris/index.d.ts'],
  'From discordeno': ['node_modules/@discordeno/gateway/dist/types'],
};

function textOf(path: string): string {
  const absolute = join(ROOT, path);
  if (path.endsWith('.d.ts')) return readFileSync(absolute, 'utf8');
  return readdirSync(absolute, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => readFileSync(join(absolute, file), 'utf8'))
    .join('\n');
}

const ours = readTree('src', 'machines')
  .map(({ code }) => code)
  .join('\n');

/** Returns the names in code, without texts in quotes and what a call is given. */
const namesIn = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => [
    ...new Set(code.replaceAll(/'[^']*'/g, '').match(/[A-Za-z]\w+/g) ?? []),
  ]);

/** Names in code that explain a call, and are not those of an option, method or event. */
const EXAMPLES = new Set(['new', 'client', 'payload', 'guildId', 'op', 'Bot', 'false', 'healthz', 'keys']);

const rows = page.split(/^## /m).flatMap((section) => {
  const title = section.split('\n')[0] ?? '';
  return [...section.matchAll(/^\| (.+) \| (.+) \|$/gm)]
    .slice(1)
    .map(([, theirs = '', our = '']) => ({ title, theirs: namesIn(theirs), ours: namesIn(our), row: theirs }));
});

const unknownNames = (names: readonly string[], text: string): string[] =>
  names.filter((name) => !EXAMPLES.has(name) && !new RegExp(String.raw`\b${name}\b`).test(text));

describe('docs/migrating.md', () => {
  test('has a table for each library', () => {
    expect([...new Set(rows.map(({ title }) => title))]).toEqual(Object.keys(DECLARATIONS));
    expect(rows.length).toBeGreaterThan(80);
  });

  test.each(Object.entries(DECLARATIONS))('%s: every name on the left is in the package', (title, paths) => {
    const text = paths.map(textOf).join('\n');
    const unknown = rows.filter((row) => row.title === title).flatMap(({ theirs }) => unknownNames(theirs, text));

    expect(unknown).toEqual([]);
  });

  test('every name on the right is in shardwright', () => {
    expect(rows.flatMap((row) => unknownNames(row.ours, ours))).toEqual([]);
  });
});
