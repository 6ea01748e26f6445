/** Why mutants survive: for who reads the documentation, and for the command. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACCEPTED_REASONS, ACCEPTED_SURVIVORS } from '../../scripts/mutants/accepted-survivors.ts';

const ROOT = join(import.meta.dirname, '../..');
const files = ACCEPTED_SURVIVORS.flatMap(({ mutants }) => Object.entries(mutants));

test('each reason stands in docs/internals/verification.md', () => {
  const text = readFileSync(join(ROOT, 'docs/internals/verification.md'), 'utf8');
  expect(ACCEPTED_SURVIVORS.map(({ reason }) => reason).filter((because) => !text.includes(`| ${because} |`))).toEqual(
    [],
  );
});

test('no mutant is explained twice, and each is of a file that is there', () => {
  expect(ACCEPTED_REASONS.size).toBe(files.flatMap(([, changes]) => changes).length);
  expect(files.map(([file]) => file).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});
