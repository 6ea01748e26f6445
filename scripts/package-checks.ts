/** What is published, looked at from outside: the tarball, and a project that has nothing but it. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, run } from './run.ts';

interface Manifest {
  version: string;
  devDependencies: Record<string, string>;
}

const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** A directory outside the repository, removed at the end, so that nothing of the repository is found by accident. */
export async function withTemporaryDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-package-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Packs what was built. Gives back the path of the tarball. */
export async function pack(directory: string): Promise<string> {
  await run('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', directory], {
    capture: true,
  });
  return join(directory, `shardwright-${manifest.version}.tgz`);
}

/** Installs the tarball into an empty project. */
export async function installInto(project: string, tarball: string): Promise<void> {
  await cp(join(ROOT, 'test', 'package', 'consumer'), project, { recursive: true });
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  // The library's declarations name types of Node, as those of every library for Node do.
  const nodeTypes = `@types/node@${manifest.devDependencies['@types/node']}`;
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', tarball, nodeTypes], {
    cwd: project,
  });
}

/** Uses what `installInto` installed in every way a user can. */
export async function checkConsumer(project: string): Promise<void> {
  await run('node', ['uses-import.mjs'], { cwd: project });
  await run('node', ['uses-require.cjs'], { cwd: project });
  // With skipLibCheck off: what the declarations name has to come with the library.
  await run('tsc', ['-p', project], { cwd: project });
  console.log('types: checked, those of the library too');
  const help = await run(join(project, 'node_modules', '.bin', 'shardwright'), ['--help'], {
    cwd: project,
    capture: true,
  });
  if (!/usage/i.test(help)) throw new Error(`shardwright --help says nothing of its usage:\n${help}`);
  console.log('shardwright --help: prints its usage');
}
