/** Checks the published package from outside: the tarball, and a project with only this package. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkOldNode } from './old-node.ts';
import { checkPackedLinks } from './packed-links.ts';
import { ROOT, run } from './run.ts';

interface Manifest {
  version: string;
  devDependencies: Record<string, string>;
}

const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** Runs `use` with a directory outside the repository, so that it finds no module of the repository by accident. */
export async function withTemporaryDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-package-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Packs the build. Resolves with the path of the tarball. */
export async function pack(directory: string): Promise<string> {
  await run('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', directory], {
    capture: true,
  });
  return join(directory, `shardwright-${manifest.version}.tgz`);
}

/** Checks that the tarball has all files it names, and that every module resolution finds the types of every entry. */
export async function checkTarball(tarball: string): Promise<void> {
  await run('publint', ['run', tarball, '--strict']);
  // Every supported Node loads an ES module by `require`, which is what the ignored rule warns of.
  await run('attw', [tarball, '--profile', 'strict', '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'ascii'], {
    capture: true,
  });
  console.log('attw: every entry point has its types, also for moduleResolution node10');
}

/** Makes a folder a project, and installs packages into it. */
export async function npmInstall(project: string, packages: readonly string[]): Promise<void> {
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...packages], {
    cwd: project,
  });
}

/** Installs the tarball into an empty project, with other packages if named. */
export async function installInto(project: string, tarball: string, others: readonly string[] = []): Promise<void> {
  await cp(join(ROOT, 'test', 'package', 'consumer'), project, { recursive: true });
  // The library's declarations name types of Node, as those of every library for Node do.
  await npmInstall(project, [tarball, `@types/node@${manifest.devDependencies['@types/node']}`, ...others]);
}

/** The compiler of the site, which still knows `moduleResolution: node10`; the repository's own compiler does not. */
const olderCompiler = (): string => createRequire(join(ROOT, 'site', 'package.json')).resolve('typescript/bin/tsc');

/** Uses what `installInto` installed in every way a user can. */
export async function checkConsumer(project: string): Promise<void> {
  await run('node', ['uses-import.mjs'], { cwd: project });
  await run('node', ['uses-require.cjs'], { cwd: project });
  await run('node', ['runtime-smoke.mjs'], { cwd: project });
  // skipLibCheck is off, because all types that the declarations name must come with the package.
  await run('tsc', ['-p', project], { cwd: project });
  console.log('types: checked, including those of the package');
  await run('node', [olderCompiler(), '-p', join(project, 'commonjs')], { cwd: project });
  await run('node', [join('commonjs', 'out', 'index.js')], { cwd: project });
  const help = await run(join(project, 'node_modules', '.bin', 'shardwright'), ['--help'], {
    cwd: project,
    capture: true,
  });
  if (!/usage/i.test(help)) throw new Error(`shardwright --help does not print its usage:\n${help}`);
  console.log('shardwright --help: prints its usage');
  await checkOldNode(project);
  await checkPackedLinks(join(project, 'node_modules', 'shardwright'));
}
