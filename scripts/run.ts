/** Runs a command like an npm script: the tools of this repository, with its own Node, come first on the PATH. */
import { spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import { delimiter, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

export interface RunOptions {
  /** Default: the root of the repository. */
  cwd?: string;
  /** Whether to return the output instead of printing it. Default false. */
  capture?: boolean;
  /** Environment variables in addition to those of this process. */
  env?: Readonly<Record<string, string>>;
}

const IS_WINDOWS = process.platform === 'win32';
/** For `cmd.exe`, the only way to start the `.cmd` files in `node_modules/.bin`. */
const quoted = (text: string): string => (/^[\w.:\\/@=,+-]+$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);

/** Rejects when the command can't start, or when its exit code is not 0; the message has the captured output. */
export async function run(
  command: string,
  args: readonly string[],
  { cwd = ROOT, capture = false, env = {} }: RunOptions = {},
): Promise<string> {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
  const options: SpawnOptions = {
    cwd,
    env: { ...process.env, ...env, PATH: path },
    stdio: ['ignore', capture ? 'pipe' : 'inherit', capture ? 'pipe' : 'inherit'],
  };
  const child = IS_WINDOWS
    ? spawn([command, ...args].map(quoted).join(' '), { ...options, shell: true })
    : spawn(command, args, options);
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const outcome = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  if (outcome !== 0)
    throw new Error([`${[command, ...args].join(' ')} ended with ${outcome}`, output.trim()].join('\n').trim());
  return output;
}
