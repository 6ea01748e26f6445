/** Holds the pages that list tests by title to the tests that exist. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CASES } from '../../bench/cases.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const titlesIn = (source: string): string[] =>
  [...source.matchAll(/^ *test(?:\.concurrent)?(?:\.each(?:<[\s\S]*?>)?\([\s\S]*?\))?\(\s*(['"`])(.+?)\1,\s/gm)].map(
    ([, , title]) => title!,
  );

const files = readdirSync(new URL('.', import.meta.url)).filter(
  (name) => name.endsWith('.test.ts') && name !== 'lists.test.ts',
);
const behaviours = files.flatMap((file) =>
  titlesIn(read(file))
    .filter((title) => /^\d+\. /.test(title))
    .map((title) => ({ number: Number.parseInt(title, 10), title: title.replace(/^\d+\. /, ''), file })),
);

describe('the pages that list tests', () => {
  test('the behaviours are numbered from 1 to 126 without a gap', () => {
    const numbers = new Set(behaviours.map(({ number }) => number));
    expect([...numbers].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 126 }, (_, index) => index + 1));
  });

  test('docs/internals/verification.md names the number of behaviours', () => {
    expect(/(\d+) statements/.exec(read('../../docs/internals/verification.md'))?.[1]).toBe(
      String(new Set(behaviours.map(({ number }) => number)).size),
    );
  });

  test('README.md lists every behaviour test and no other', () => {
    const rows = [...read('README.md').matchAll(/^\| (\d+) \| (.+?) \| \[.+?\]\((.+?)\) \|$/gm)].map(
      ([, number, title, file]) => `${number} ${title} ${file}`,
    );
    const order = behaviours.toSorted((a, b) => a.number - b.number);
    expect(rows).toEqual(order.map(({ number, title, file }) => `${number} ${title} ${file}`));
  });

  test('each row of docs/internals/seed.md names a test that exists', () => {
    const rows = [...read('../../docs/internals/seed.md').matchAll(/^\| `.+? \| .+? \| (.+?) \|$/gm)].map(
      ([, title]) => title!,
    );
    const known = new Set([...files.map((file) => read(file)), read('../shard/shard.test.ts')].flatMap(titlesIn));
    expect(rows).toHaveLength(44);
    expect(rows.filter((title) => !known.has(title))).toEqual([]);
  });

  test('each promise of a cluster is held by the tests that verification.md names', () => {
    const rows = [
      ...read('../../docs/internals/verification.md').matchAll(/^\| (\d+) \| \[.+\]\(\.\.\/\.\.\/(.+)\) \| (.+) \|$/gm),
    ].map(([, promise, file, title]) => ({ promise: Number(promise), file: file!, title: title! }));
    const titles = (file: string): { promises: number[]; title: string }[] =>
      titlesIn(read(`../../${file}`)).map((title) => ({
        promises: (/^([\d, ]+): /.exec(title)?.[1] ?? '').split(', ').filter(Boolean).map(Number),
        title: title.replace(/^[\d, ]+: /, ''),
      }));
    const isHeld = ({ promise, file, title }: (typeof rows)[number]): boolean =>
      titles(file).some(
        (each) => each.title === title && (each.promises.length === 0 || each.promises.includes(promise)),
      );
    const onProcesses = readdirSync(new URL('../cluster/processes/', import.meta.url))
      .flatMap((name) => titles(`test/cluster/processes/${name}`))
      .flatMap(({ promises, title }) => promises.map((promise) => `${promise} ${title}`));
    const listed = new Set(rows.map(({ promise, title }) => `${promise} ${title}`));

    expect([...new Set(rows.map(({ promise }) => promise))]).toEqual(
      Array.from({ length: 25 }, (_, index) => index + 1),
    );
    expect(rows.filter((row) => !isHeld(row))).toEqual([]);
    expect(onProcesses.filter((each) => !listed.has(each))).toEqual([]);
  });

  test('each claim of the README about @discordjs/ws is held by a test or a case of the bench', () => {
    const claims = read('../../README.md')
      .split('\n## ')
      .find((section) => section.startsWith('Why shardwright rather than @discordjs/ws'))!
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| | '))
      .map((line) => line.split(' | ')[0]!.slice(2));
    const rows = [
      ...read('../../docs/internals/verification.md').matchAll(/^\| (.+) \| (.+) \| \[.+\]\(\.\.\/\.\.\/(.+)\) \|$/gm),
    ].map(([, claim, proof, file]) => ({ claim: claim!, proof: proof!, file: file! }));
    const benchCases = new Set(CASES.map(({ id }) => id));
    const isHeld = ({ proof, file }: (typeof rows)[number]): boolean =>
      file === 'bench/cases.ts'
        ? proof.split(', ').every((name) => benchCases.has(name.slice(1, -1)))
        : titlesIn(read(`../../${file}`)).includes(proof);

    expect(claims).toHaveLength(10);
    expect([...new Set(rows.map(({ claim }) => claim))]).toEqual(claims);
    expect(rows.filter((row) => !isHeld(row))).toEqual([]);
  });
});
