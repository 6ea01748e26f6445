/**
 * `npm run bench:native`: builds `zlib-sync` for the Node that runs the bench. It needs a C++ compiler and Python.
 * Without them, the bench skips the cases with `zlib-sync`.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { nativeZlibProblem } from '../client/native-zlib.ts';

const MODULES = join(import.meta.dirname, 'node_modules');

/** The npm package with the headers of this Node, so that node-gyp does not download them. */
const NODE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} failed`);
}

try {
  // Without its install script, because npm would build it for its own Node.
  run(
    'npm',
    [
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-save',
      '--no-package-lock',
      '--workspaces=false',
      `${NODE}@${process.versions.node}`,
    ],
    import.meta.dirname,
  );
  const nodeGyp = process.env['npm_config_node_gyp'];
  if (nodeGyp === undefined) throw new Error('run this with npm run bench:native, which sets the path of node-gyp');
  run(process.execPath, [nodeGyp, 'rebuild'], join(MODULES, 'zlib-sync'), { npm_config_nodedir: join(MODULES, NODE) });
  const problem = nativeZlibProblem();
  if (problem !== null) throw new Error(problem);
  process.stdout.write('zlib-sync is built; npm run bench measures it now.\n');
} catch (error) {
  process.stderr.write(`zlib-sync can't be measured: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
