/** The templates against each other, and the package against that of shardwright, with which it is released. */
import { readFile, readdir } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { STARTER, StarterFolder } from './starter.ts';

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly author: unknown;
  readonly homepage: string;
  readonly bugs: string;
  readonly repository: { readonly url: string };
  readonly publishConfig: unknown;
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const ROOT = join(STARTER, '..');
const manifestOf = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;

const sourcesIn = async (folder: string, extension: string): Promise<string[]> =>
  (await readdir(join(STARTER, 'templates', folder), { recursive: true }))
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length))
    .toSorted();

const source = (folder: string, file: string): Promise<string> =>
  readFile(join(STARTER, 'templates', folder, file), 'utf8');

/** What runs, without what a formatter decides. */
const bareCode = (code: string): string =>
  code
    .replaceAll(/\/\*[^]*?\*\/|\/\/ .*$/gm, '')
    .replaceAll(/\s+/g, '')
    .replaceAll(/,([)\]}])/g, '$1')
    .replaceAll(/(from'\.[^']*)\.ts'/g, `$1.js'`);

describe('the templates', () => {
  test('in JavaScript are those in TypeScript without the types', async () => {
    const files = await sourcesIn('typescript', '.ts');
    expect(files).toHaveLength(8);
    expect(await sourcesIn('javascript', '.js')).toEqual(files);
    for (const file of files)
      expect(bareCode(await source('javascript', `${file}.js`))).toBe(
        bareCode(stripTypeScriptTypes(await source('typescript', `${file}.ts`))),
      );
  });

  test('have at most 40 lines in each file of a bot', async () => {
    const files = (await sourcesIn('typescript', '.ts')).filter((file) => !file.endsWith('fake-discord'));
    expect(files).toHaveLength(7);
    for (const file of files)
      expect((await source('typescript', `${file}.ts`)).split('\n').length - 1).toBeLessThanOrEqual(40);
  });

  test('name the versions that the repository is tested with', async () => {
    const shardwright = await manifestOf(ROOT);
    const examples = await manifestOf(join(ROOT, 'examples'));
    const tested: Readonly<Record<string, string>> = {
      ...examples.devDependencies,
      ...shardwright.devDependencies,
      shardwright: `^${shardwright.version}`,
    };
    for (const template of ['plain', 'discord.js', '@discordjs/core']) {
      await using folder = await StarterFolder.create();
      await folder.run(['ann', '--template', template, '--language', 'typescript']);
      const { dependencies, devDependencies } = await manifestOf(join(folder.path, 'ann'));
      const named = { ...dependencies, ...devDependencies };
      expect(Object.keys(named)).toEqual(expect.arrayContaining(['shardwright', 'typescript', '@types/node']));
      for (const [name, range] of Object.entries(named)) expect(`${name} ${range}`).toBe(`${name} ${tested[name]}`);
    }
  });

  test('leave no placeholder, and need the Node of shardwright', async () => {
    await using folder = await StarterFolder.create();
    await folder.run(['ann', '--language', 'javascript']);
    for (const file of await folder.files()) expect(await folder.read(file)).not.toMatch(/\{\{\w+\}\}/);
    const { engines } = await manifestOf(join(folder.path, 'ann'));
    expect(engines).toEqual((await manifestOf(ROOT)).engines);
  });
});

describe('the package create-shardwright', () => {
  test('has the version, the licence, the repository and the Node of shardwright', async () => {
    const shardwright = await manifestOf(ROOT);
    const starter = await manifestOf(STARTER);
    for (const field of ['version', 'license', 'author', 'homepage', 'bugs', 'publishConfig', 'engines'] as const)
      expect(starter[field]).toEqual(shardwright[field]);
    expect(starter.repository).toEqual({ ...shardwright.repository, directory: 'create-shardwright' });
    expect(await readFile(join(STARTER, 'LICENSE'), 'utf8')).toBe(await readFile(join(ROOT, 'LICENSE'), 'utf8'));
  });

  test('has no dependencies', async () => {
    expect(Object.keys(await manifestOf(STARTER)).filter((field) => /dependencies/i.test(field))).toEqual([]);
  });
});
