import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { RECORDS } from '../../src/recorder/format/index.ts';

test('docs/internals/recording-format.md lists every kind of record with its fields', async () => {
  const page = await readFile(new URL('../../docs/internals/recording-format.md', import.meta.url), 'utf8');
  const rows = page.split('\n').flatMap((line) => {
    const [, kind = '', fields = ''] = /^\| `(\w+)` \|([^|]*)\|/.exec(line) ?? [];
    return kind === '' ? [] : [[kind, [...fields.matchAll(/`(\w+)`/g)].map(([, name]) => name)] as const];
  });
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(Object.entries(RECORDS).map(([kind, fields]) => [kind, Object.keys(fields)])),
  );
});
