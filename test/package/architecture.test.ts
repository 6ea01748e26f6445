import { describe, expect, test } from 'vitest';
import { lint } from './lint-fixture.ts';
import { importCycles, readTree, sourceFile, nondeterminismUses, forbiddenImports } from './source-tree.ts';

const tree = readTree('machines', 'src');

const RESTRICTED = 'eslint(no-restricted-imports)';
const using = (specifier: string): string => `import { thing } from '${specifier}';\n\nexport const used = thing;\n`;
const THING = 'export const thing = 1;\n';
const fileOf = (lines: number): string =>
  `${Array.from({ length: lines }, (_, index) => `export const n${index} = ${index};`).join('\n')}\n`;

describe('the linter on the direction of imports', () => {
  test.each([
    ['machines/a.ts', '../src/shard.ts', 'a machine does not import src'],
    ['machines/a.ts', 'ws', 'a machine does not import a package other than xstate'],
    ['machines/a.ts', 'node:fs', 'a machine does not import a module of Node'],
    ['machines/a.ts', 'xstate/graph', 'a machine does not import a side entry of xstate'],
    ['src/clock.ts', './protocol/a.ts', 'the clock imports nothing'],
    ['src/protocol/a.ts', '../actors/b.ts', 'protocol does not import actors'],
    ['src/protocol/a.ts', '../shard.ts', 'protocol does not import the shard'],
    ['src/session/a.ts', '../actors/b.ts', 'sessions do not import actors'],
    ['src/decoding/a.ts', '../session/b.ts', 'decoding does not import sessions'],
    ['src/session/a.ts', '../connection/b.ts', 'sessions do not import connections'],
    ['src/connection/a.ts', '../actors/b.ts', 'a connection does not import actors'],
    ['src/identify/a.ts', '../shard/b.ts', 'the identify gate does not import the shard'],
    ['src/http/a.ts', '../inspect/b.ts', 'http does not import the inspector'],
    ['src/manager/workers/a.ts', '../../cli/b.ts', 'a worker does not import the command line'],
    ['src/session/a.ts', '../index.ts', 'sessions do not import the entry point'],
    ['src/actors/a.ts', '../shard.ts', 'actors do not import the shard'],
    ['src/actors/a.ts', '../shard/b.ts', 'actors do not import parts of the shard'],
    ['src/shard/a.ts', '../manager/b.ts', 'the shard does not import the manager'],
    ['src/shard.ts', './cli/b.ts', 'the shard does not import the command line'],
    ['src/manager/a.ts', '../redis/b.ts', 'the manager does not import an edge'],
    ['src/manager/a.ts', '../frameworks/b.ts', 'the manager does not import what adapters share'],
    ['src/frameworks/a.ts', '../seyfert/b.ts', 'what adapters share does not import an adapter'],
    ['src/testing/a.ts', '../actors/b.ts', 'the fake gateway does not share actors with the client it judges'],
    ['src/testing/oracle/a.ts', '../../decoding/b.ts', 'the oracle does not share decoders with the client it judges'],
    [
      'src/testing/a.ts',
      '../../machines/index.ts',
      'the fake gateway does not share the machine with the client it judges',
    ],
  ])('%s → %s: %s', async (path, specifier) => {
    expect(await lint({ [path]: using(specifier) })).toEqual([`${path}: ${RESTRICTED}`]);
  });

  test('reports a cycle in each of its files', async () => {
    const found = await lint({
      'src/protocol/a.ts': `import { b } from './b.ts';\n\nexport const a = (): unknown => b;\n`,
      'src/protocol/b.ts': `import { a } from './a.ts';\n\nexport const b = (): unknown => a;\n`,
    });
    expect(found).toEqual(['src/protocol/a.ts: import(no-cycle)', 'src/protocol/b.ts: import(no-cycle)']);
  });

  test('accepts imports that point inwards', async () => {
    const found = await lint({
      'machines/index.ts': THING,
      'machines/a.ts': using('xstate'),
      'src/clock.ts': THING,
      'src/protocol/a.ts': using('../../machines/index.ts'),
      'src/protocol/thing.ts': THING,
      'src/session/a.ts': using('../protocol/thing.ts'),
      'src/session/session.ts': THING,
      'src/decoding/a.ts': using('../protocol/thing.ts'),
      'src/decoding/thing.ts': THING,
      'src/session/b.ts': using('../decoding/thing.ts'),
      'src/connection/a.ts': using('../session/session.ts'),
      'src/connection/thing.ts': THING,
      'src/actors/a.ts': using('../connection/thing.ts'),
      'src/actors/thing.ts': THING,
      'src/http/thing.ts': THING,
      'src/inspect/a.ts': using('../http/thing.ts'),
      'machines/transitions.ts': THING,
      'src/testing/c.ts': using('../../machines/transitions.ts'),
      'src/shard.ts': using('./shard/thing.ts'),
      'src/shard/thing.ts': THING,
      'src/shard/a.ts': using('../actors/thing.ts'),
      'src/manager/a.ts': using('../shard.ts'),
      'src/manager/thing.ts': THING,
      'src/frameworks/a.ts': using('../manager/thing.ts'),
      'src/frameworks/thing.ts': THING,
      'src/seyfert/a.ts': using('../frameworks/thing.ts'),
      'src/testing/a.ts': using('../protocol/thing.ts'),
      'src/testing/b.ts': using('../clock.ts'),
    });
    expect(found).toEqual([]);
  });
});

describe('the linter on style', () => {
  test.each([
    ['any', 'export const a = (b: any): unknown => b;\n', 'typescript(no-explicit-any)'],
    ['the non-null assertion', 'export const a = (b?: string): string => b!;\n', 'typescript(no-non-null-assertion)'],
    ['@ts-ignore', '// @ts-ignore\nexport const a = 1;\n', 'typescript(ban-ts-comment)'],
    ['@ts-expect-error without a reason', '// @ts-expect-error\nexport const a = 1;\n', 'typescript(ban-ts-comment)'],
    ['console.log()', 'export const a = (): void => console.log(1);\n', 'eslint(no-console)'],
    ['a file of 311 lines', fileOf(311), 'eslint(max-lines)'],
  ])('%s is an error in machines and src', async (_name, text, rule) => {
    const found = await lint({ 'machines/a.ts': text, 'src/a.ts': text, 'src/shard/a.ts': text });
    expect(found).toEqual([`machines/a.ts: ${rule}`, `src/a.ts: ${rule}`, `src/shard/a.ts: ${rule}`]);
  });

  test('a file of 310 lines passes', async () => {
    expect(await lint({ 'machines/a.ts': fileOf(310), 'src/a.ts': fileOf(310) })).toEqual([]);
  });
});

describe('the sources', () => {
  test('no import in machines or src points outwards', () => {
    expect(forbiddenImports(tree)).toEqual([]);
  });

  test('no imports form a cycle, type imports included', () => {
    expect(importCycles(tree)).toEqual([]);
  });

  test('machines import only xstate and each other', () => {
    const foreign = tree
      .filter(({ path }) => path.startsWith('machines/'))
      .flatMap(({ path, imports }) =>
        imports
          .filter(
            (to) =>
              to !== 'xstate' &&
              !(to.startsWith('.') && new URL(to, `file:///${path}`).pathname.startsWith('/machines/')),
          )
          .map((to) => `${path} → ${to}`),
      );
    expect(foreign).toEqual([]);
  });

  test('no file is longer than 310 lines, and no machine longer than 360', () => {
    const tooLong = tree
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ path, lines }) => lines > (path.endsWith('.machine.ts') ? 360 : 310));
    expect(tooLong).toEqual([]);
  });

  test('no file switches off a lint rule', () => {
    expect(
      tree.filter(({ text }) => /(?:ox|es)lint-disable|@ts-nocheck|@ts-ignore/.test(text)).map(({ path }) => path),
    ).toEqual([]);
  });

  test('only the defaults of the ports use real time and random numbers', () => {
    const defaults = /^src\/(?:clock|shard\/shard-options|testing\/virtual-clock)\.ts:/;
    // The demo runs on real sockets for people to watch, so it uses real time. Its random numbers come from its seed.
    const inDemo = /^src\/cli\/(?!.* Math\.random$)/;
    // People watch the inspector in real time, whatever clock its shards use.
    const inInspector = /^src\/inspect\/page-broadcaster\.ts:\d+ (?:an interval|a bare timer)$/;
    // Other processes see the sign of life of an owner in real time.
    const inLocks = /^src\/session\/shard-locks\.ts:\d+ an interval$/;
    const allowed = [defaults, inDemo, inInspector, inLocks];
    expect(nondeterminismUses(tree).filter((use) => !allowed.some((pattern) => pattern.test(use)))).toEqual([]);
  });
});

describe('the checks of the sources', () => {
  test('name an import that points outwards, whatever its form', () => {
    const files = [
      sourceFile('src/protocol/a.ts', `import type { B } from '../actors/b.ts';`),
      sourceFile('src/actors/b.ts', `export * from '../shard.ts';`),
      sourceFile('src/session/c.ts', `const d = await import('../index.ts');`),
      sourceFile('machines/e.ts', `import '../src/clock.ts';`),
      sourceFile('src/testing/f.ts', `import { g } from '../../machines/g.ts';`),
      sourceFile('src/elsewhere/h.ts', `import { i } from '../protocol/i.ts';`),
      sourceFile('src/cli/j.ts', `import { k } from '../testing/k.ts'; // import { l } from '../nowhere/l.ts'`),
    ];
    expect(forbiddenImports(files)).toEqual([
      'src/protocol/a.ts → src/actors/b.ts points outwards',
      'src/actors/b.ts → src/shard.ts points outwards',
      'src/session/c.ts → src/index.ts points outwards',
      'machines/e.ts → src/clock.ts points outwards',
      'src/testing/f.ts → machines/g.ts: the fake gateway shares only protocol and http',
      'src/elsewhere/h.ts has no place in the layers',
    ]);
  });

  test('name a cycle of three once, wherever it is entered', () => {
    const files = [
      sourceFile('src/protocol/entry.ts', `import { b } from './b.ts';`),
      sourceFile('src/protocol/a.ts', `import { b } from './b.ts';`),
      sourceFile('src/protocol/b.ts', `import type { c } from './c.ts';`),
      sourceFile('src/protocol/c.ts', `import { a } from './a.ts';`),
    ];
    expect(importCycles(files)).toEqual([
      'src/protocol/b.ts → src/protocol/c.ts → src/protocol/a.ts → src/protocol/b.ts',
    ]);
  });

  test('find real time and random numbers in code, but not in comments, methods or ports', () => {
    const text = `/* Date.now() */
const a = Date.now();
const b = Math.random;
setTimeout(a, 1); // setInterval(a, 1)
clock.setTimeout(a, 1);
this.#setTimeout(a, 1);
import { setTimeout as sleep } from 'node:timers/promises';`;
    expect(nondeterminismUses([sourceFile('src/x.ts', text)])).toEqual([
      'src/x.ts:2 Date.now',
      'src/x.ts:3 Math.random',
      'src/x.ts:4 a bare timer',
      'src/x.ts:7 node:timers',
    ]);
  });
});
