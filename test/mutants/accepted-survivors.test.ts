/** The reasons for surviving mutants stand in the documentation, and in the list that the command reads. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACCEPTED_REASONS, ACCEPTED_SURVIVORS } from '../../scripts/mutants/accepted-survivors.ts';

const ROOT = join(import.meta.dirname, '../..');
const files = ACCEPTED_SURVIVORS.flatMap(({ mutants }) => Object.entries(mutants));

describe('the accepted survivors', () => {
  test('have all their reasons in docs/internals/verification.md', () => {
    const text = readFileSync(join(ROOT, 'docs/internals/verification.md'), 'utf8');
    expect(ACCEPTED_SURVIVORS.map(({ reason }) => reason).filter((reason) => !text.includes(`| ${reason} |`))).toEqual(
      [],
    );
  });

  test('have each mutant once', () => {
    expect(ACCEPTED_REASONS.size).toBe(files.flatMap(([, changes]) => changes).length);
  });

  test('name files that exist', () => {
    expect(files.map(([file]) => file).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});
