/**
 * What people see who run the installed package with a Node that is too old: one sentence that names the Node they need,
 * and no error of the linker. Tried where the PATH has such a Node.
 */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { styleText } from 'node:util';
import { nodeRefusal } from '../src/protocol/node-version.ts';

interface OldNode {
  readonly program: string;
  readonly refusal: string;
}

function findOldNode(): OldNode | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = join(folder, process.platform === 'win32' ? 'node.exe' : 'node');
    const { stdout, status } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    const refusal = status === 0 ? nodeRefusal(stdout.trim().replace(/^v/, '')) : null;
    if (refusal !== null) return { program, refusal };
  }
  return null;
}

/** Modules that run on any Node and say nothing. */
const ANY_NODE: ReadonlySet<string> = new Set(['./machines', './package.json']);

/** @param project - where the package is installed */
export async function checkOldNode(project: string): Promise<void> {
  const old = findOldNode();
  if (old === null) {
    console.log(styleText('yellow', 'NOT TRIED: the PATH has no Node older than the package needs'));
    return;
  }
  const { program, refusal } = old;
  const root = join(project, 'node_modules', 'shardwright');
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { exports: object };
  const run = (...args: string[]): string => {
    const { stderr, status } = spawnSync(program, args, { cwd: project, encoding: 'utf8' });
    if (status !== 1) throw new Error(`${[program, ...args].join(' ')} ended with ${status}: ${stderr}`);
    return stderr;
  };
  for (const entry of Object.keys(exports).filter((name) => !ANY_NODE.has(name))) {
    const said = run('--input-type=module', '--eval', `import 'shardwright${entry.slice(1)}'`);
    if (!said.includes(`GatewayError: ${refusal}`)) throw new Error(`shardwright${entry.slice(1)} says:\n${said}`);
  }
  const said = run(join(root, 'dist', 'cli.js'), 'demo');
  if (said !== `${refusal}\n`) throw new Error(`the program says:\n${said}`);
  console.log(`an old Node: every entry and the program say "${refusal}"`);
}
