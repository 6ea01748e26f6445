/** `npm run smoke -- bun`: builds and packs the package, and tries it on another runtime, which npm installs. */
import { installInto, pack, withTemporaryDirectory } from './package-checks.ts';
import { run } from './run.ts';

/** The package that brings the runtime, and the command that runs a file. */
const RUNTIMES = {
  node: { install: [], command: ['node'] },
  bun: { install: ['bun@1'], command: ['node_modules/.bin/bun'] },
  deno: { install: ['deno@2'], command: ['node_modules/.bin/deno', 'run', '--allow-all'] },
} as const;

const isRuntime = (name: string): name is keyof typeof RUNTIMES => Object.hasOwn(RUNTIMES, name);

const [name = ''] = process.argv.slice(2);
if (!isRuntime(name)) throw new Error(`Name a runtime: npm run smoke -- ${Object.keys(RUNTIMES).join('|')}`);
const {
  install,
  command: [command, ...args],
} = RUNTIMES[name];

await run('node', ['scripts/build.ts']);
await withTemporaryDirectory(async (directory) => {
  const project = `${directory}/consumer`;
  await installInto(project, await pack(directory), install);
  await run(
    command,
    [...args, '--version'].filter((arg) => arg !== 'run' && arg !== '--allow-all'),
    { cwd: project },
  );
  await run(command, [...args, 'runtime-smoke.mjs'], { cwd: project });
  await run(command, [...args, 'uses-import.mjs'], { cwd: project });
});
