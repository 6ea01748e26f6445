/** The code of docs/frameworks.md is that of the examples, which test/cli/examples.test.ts runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './source-tree.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const page = read('docs/frameworks.md');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** Returns the code of an example that is between `#region page` and `#endregion`, as a bot would have it. */
function codeOf(example: string): string {
  const regions = [...read(example).matchAll(/\/\/ #region page\n([\s\S]*?)\/\/ #endregion/g)].map(([, code]) => code);
  return regions
    .join('\n')
    .replaceAll(/.*\/\/ only here\n/g, '')
    .replaceAll(/from '\.\.\/src\/[^']*'; \/\/ in your project: (from '[^']*')/g, '$1;');
}

/** Returns what a diff leaves, without its markers. */
const afterOf = (diff: string): string =>
  diff
    .split('\n')
    .filter((line) => !line.startsWith('-'))
    .map((line) => line.slice(1))
    .join('\n');

/** The sections that show code. */
const sections = page
  .split(/^## /m)
  .filter((section) => section.includes('```'))
  .map((section) => ({ title: section.split('\n')[0]!, section }));

describe('docs/frameworks.md', () => {
  test('has code for each framework of its table that has a place for a gateway', () => {
    const named = [...page.matchAll(/^\| \[([^\]]+)\].*`.*\| *$|^\| \[([^\]]+)\].*the same option/gm)].map(
      ([, name, other]) => name ?? other ?? '',
    );
    expect(sections.map(({ title }) => title).toSorted()).toEqual([...new Set(named)].toSorted());
  });

  test.each(sections)('shows the code of the example it names: $title', ({ section }) => {
    const [, command = ''] = /`npm run (example:[\w-]+)`/.exec(section) ?? [];
    const [, example = ''] = /^node (examples\/[\w-]+\.ts)$/.exec(scripts[command] ?? '') ?? [];
    const [diff, ...others] = [...section.matchAll(/```(\w+)\n([\s\S]*?)```/g)];

    expect(others).toEqual([]);
    expect(diff?.[1]).toBe('diff');
    expect(afterOf(diff?.[2] ?? '').trim()).toBe(codeOf(example).trim());
  });

  test('names the versions that are tested', () => {
    const versions = [...page.matchAll(/^\| \[([^\]]+)\]\([^)]*\) \| ([\d.]+) \|/gm)].map(([, name, version]) => {
      const folder = name === 'necord' ? 'examples/node_modules' : 'node_modules';
      const packageName = name === 'discordeno' ? '@discordeno/bot' : name;
      const installed = (JSON.parse(read(`${folder}/${packageName}/package.json`)) as { version: string }).version;
      return { name, version, installed: installed.split('.').slice(0, 2).join('.') };
    });

    expect(versions).toHaveLength(7);
    for (const { name, version, installed } of versions)
      expect({ name, version }).toEqual({ name, version: installed });
  });
});
