/**
 * A project of Yarn with Plug'n'Play, where no `node_modules` exists. Its dependencies are packed from those of this
 * repository, so that no registry is asked.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { run } from '../run.ts';
import { toolPath } from './tool.ts';
import type { Bundle } from './tool.ts';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Finds the folders of a package and of all that it depends on. */
function packageFolders(name: string, from: string, found = new Map<string, string>()): Map<string, string> {
  if (found.has(name)) return found;
  const require = createRequire(join(from, 'package.json'));
  const folder = (require.resolve.paths(name) ?? [])
    .map((path) => join(path, name))
    .find((path) => {
      try {
        return (require(join(path, 'package.json')) as Manifest).name === name;
      } catch {
        return false;
      }
    });
  if (folder === undefined) throw new Error(`${name} is not installed below ${from}`);
  found.set(name, folder);
  const { dependencies = {} } = require(join(folder, 'package.json')) as Manifest;
  for (const dependency of Object.keys(dependencies)) packageFolders(dependency, folder, found);
  return found;
}

const SETTINGS = `nodeLinker: pnp
enableTelemetry: false
enableGlobalCache: false
enableNetwork: false
enableScripts: false
`;

export async function yarnPnp(project: string): Promise<Bundle> {
  // Outside of the project, whose node_modules would be found.
  const cwd = join(dirname(project), 'yarn');
  await mkdir(cwd, { recursive: true });
  const tarballs: Record<string, string> = {};
  for (const [name, folder] of packageFolders('shardwright', project)) {
    const packed = await run('npm', ['pack', folder, '--ignore-scripts', '--json', '--pack-destination', cwd], {
      capture: true,
      cwd: project,
    });
    const [, filename = ''] = /"filename": "([^"]+)"/.exec(packed) ?? [];
    tarballs[name] = `file:./${filename}`;
  }
  for (const file of ['bot.mjs', 'thread.mjs']) await copyFile(join(project, file), join(cwd, file));
  const { shardwright } = tarballs;
  await writeFile(
    join(cwd, 'package.json'),
    JSON.stringify({ name: 'pnp', private: true, dependencies: { shardwright }, resolutions: tarballs }),
  );
  await writeFile(join(cwd, '.yarnrc.yml'), SETTINGS);
  await writeFile(join(cwd, 'yarn.lock'), '');
  const yarn = toolPath('@yarnpkg/cli-dist', join('bin', 'yarn.js'));
  await run('node', [yarn, 'install', '--no-immutable'], { cwd, capture: true });
  const loaders = ['--require', join(cwd, '.pnp.cjs'), '--experimental-loader', join(cwd, '.pnp.loader.mjs')];
  return { cwd, bot: [process.execPath, ...loaders, 'bot.mjs'], thread: join(cwd, 'thread.mjs') };
}
