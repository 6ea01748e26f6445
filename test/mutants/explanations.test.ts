/** Why mutants survive: for who reads the documentation, and for the command. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXPLAINED, EXPLANATIONS } from '../../scripts/mutants/explanations.ts';

const ROOT = join(import.meta.dirname, '../..');
const files = EXPLANATIONS.flatMap(({ mutants }) => Object.entries(mutants));

test('each reason stands in docs/testing.md', () => {
  const text = readFileSync(join(ROOT, 'docs/testing.md'), 'utf8');
  expect(EXPLANATIONS.map(({ because }) => because).filter((because) => !text.includes(`| ${because} |`))).toEqual([]);
});

test('no mutant is explained twice, and each is of a file that is there', () => {
  expect(EXPLAINED.size).toBe(files.flatMap(([, changes]) => changes).length);
  expect(files.map(([file]) => file).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});
