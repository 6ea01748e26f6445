/**
 * The bundlers of the matrix. Each makes files out of `bot.mjs` and `thread.mjs` in the directory of a project, with
 * the configuration that docs/guides/bundling.md shows.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../run.ts';
import { RUNTIMES, findRuntime } from './runtimes.ts';
import { BUNDLERS_ROOT, toolPath } from './tool.ts';
import type { Bundle } from './tool.ts';
import { yarnPnp } from './yarn.ts';

export interface Bundler {
  readonly name: string;
  /** Whether worker threads run without the option `threadUrl`. If not, the shards must fail with WORKER_FAILED. */
  readonly findsThread: boolean;
  /** Whether `npm test` tries it too. */
  readonly isQuick: boolean;
  /** Builds in the project. Returns `null` where this machine can't. */
  build(project: string): Promise<Bundle | null>;
}

const tool = (project: string, packageName: string, file: string, ...args: string[]): Promise<string> =>
  run('node', [toolPath(packageName, file), ...args], { cwd: project, capture: true });

const bundle = (project: string, folder: string, extension: string): Bundle => {
  const file = (name: string): string => join(project, 'out', folder, `${name}.${extension}`);
  return { cwd: project, bot: [process.execPath, file('bot')], thread: file('thread') };
};

/** Runs webpack or rspack, whose command line programs are packages of their own. */
const compile = async (project: string, name: 'webpack' | 'rspack'): Promise<Bundle> => {
  await run('node', [join(BUNDLERS_ROOT, 'compile.mjs'), name], { cwd: project, capture: true });
  return bundle(project, name, 'cjs');
};

const ENTRIES = ['bot.mjs', 'thread.mjs'] as const;
/** ws is CommonJS, and its bundled code calls `require`. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const esbuild = async (project: string, format: 'cjs' | 'esm'): Promise<Bundle> => {
  const extension = format === 'cjs' ? 'cjs' : 'mjs';
  await tool(
    project,
    'esbuild',
    join('bin', 'esbuild'),
    ...ENTRIES,
    '--bundle',
    '--platform=node',
    `--format=${format}`,
    `--outdir=out/esbuild-${format}`,
    `--out-extension:.js=.${extension}`,
    ...(format === 'esm' ? [`--banner:js=${BANNER}`] : []),
  );
  return bundle(project, `esbuild-${format}`, extension);
};

/** Where Node looks for the program in itself. @see https://nodejs.org/api/single-executable-applications.html */
const SEA_FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

async function singleExecutable(project: string): Promise<Bundle | null> {
  // Other systems want the changed program to be signed.
  if (process.platform !== 'linux') return null;
  const { thread } = await esbuild(project, 'cjs');
  const folder = join(project, 'out', 'sea');
  await mkdir(folder, { recursive: true });
  const [program, config, blob] = ['bot', 'sea-config.json', 'sea.blob'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const main = join(project, 'out', 'esbuild-cjs', 'bot.cjs');
  await writeFile(config, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true }));
  await run(process.execPath, ['--experimental-sea-config', config], { cwd: project, capture: true });
  await copyFile(process.execPath, program);
  const injection = [program, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', SEA_FUSE];
  await tool(project, 'postject', join('dist', 'cli.js'), ...injection);
  return { cwd: project, bot: [program], thread };
}

async function bunBuild(project: string): Promise<Bundle | null> {
  const bun = RUNTIMES.find(({ name }) => name === 'Bun');
  const found = bun === undefined ? null : await findRuntime(bun);
  if (found === null) return null;
  const [program, ...args] = found.command('build', ...ENTRIES, '--target=node', '--outdir=out/bun');
  await run(program, args, { cwd: project, capture: true });
  return bundle(project, 'bun', 'js');
}

async function ncc(project: string): Promise<Bundle> {
  for (const name of ['bot', 'thread'])
    await tool(project, '@vercel/ncc', join('dist', 'ncc', 'cli.js'), 'build', `${name}.mjs`, '-o', `out/ncc/${name}`);
  const { cwd } = bundle(project, 'ncc', 'mjs');
  const file = (name: string): string => join(project, 'out', 'ncc', name, 'index.mjs');
  return { cwd, bot: [process.execPath, file('bot')], thread: file('thread') };
}

export const BUNDLERS: readonly Bundler[] = [
  {
    name: 'esbuild, CommonJS',
    findsThread: false,
    isQuick: true,
    build: (project) => esbuild(project, 'cjs'),
  },
  {
    name: 'esbuild, ES modules',
    findsThread: false,
    isQuick: true,
    build: (project) => esbuild(project, 'esm'),
  },
  {
    name: 'rollup',
    findsThread: false,
    isQuick: true,
    build: async (project) => {
      await tool(
        project,
        'rollup',
        join('dist', 'bin', 'rollup'),
        '-c',
        join(BUNDLERS_ROOT, 'rollup.config.mjs'),
        '--silent',
      );
      return bundle(project, 'rollup', 'mjs');
    },
  },
  {
    name: 'webpack',
    findsThread: true,
    isQuick: false,
    build: (project) => compile(project, 'webpack'),
  },
  {
    name: 'rspack',
    findsThread: true,
    isQuick: true,
    build: (project) => compile(project, 'rspack'),
  },
  {
    name: 'tsup',
    findsThread: false,
    isQuick: false,
    build: async (project) => {
      await tool(
        project,
        'tsup',
        join('dist', 'cli-default.js'),
        '--config',
        join(BUNDLERS_ROOT, 'tsup.config.mjs'),
        '--silent',
      );
      return bundle(project, 'tsup', 'js');
    },
  },
  { name: 'ncc', findsThread: false, isQuick: false, build: ncc },
  { name: '`bun build --target=node`', findsThread: false, isQuick: true, build: bunBuild },
  { name: 'Node SEA, one executable', findsThread: false, isQuick: false, build: singleExecutable },
  { name: "Yarn Plug'n'Play, not bundled", findsThread: true, isQuick: false, build: yarnPnp },
];
