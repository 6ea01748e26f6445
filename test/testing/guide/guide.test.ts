/** The examples of the guide are the files of this folder, which run as tests. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const GUIDE = readFileSync(join(import.meta.dirname, '../../../docs/guides/model-based-testing.md'), 'utf8');
const FILES = readdirSync(import.meta.dirname).filter((name) => name !== 'guide.test.ts');

describe('docs/guides/model-based-testing.md', () => {
  test.each(FILES)('shows %s unchanged, with the imports of a user', (name) => {
    const text = readFileSync(join(import.meta.dirname, name), 'utf8')
      .replaceAll("'../../../src/index.ts'", "'shardwright'")
      .replaceAll("'../../../src/testing/index.ts'", "'shardwright/testing'");
    expect(GUIDE).toContain(`\`\`\`ts\n// ${name}\n${text}\`\`\``);
  });

  test('shows no other file', () => {
    const shown = [...GUIDE.matchAll(/^```ts\n\/\/ (.+)\n/gm)].map(([, name = '']) => name);
    expect(shown.toSorted()).toEqual(FILES.toSorted());
  });
});
