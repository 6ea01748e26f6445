/** Runs a command as the npm scripts would: tools of this repository first on the PATH, its own Node among them. */
import { spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import { delimiter, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

export interface RunOptions {
  /** Default the repository's root. */
  cwd?: string;
  /** Give back what it prints instead of showing it. Default false. */
  capture?: boolean;
  /** Variables on top of those of this process. */
  env?: Readonly<Record<string, string>>;
}

const IS_WINDOWS = process.platform === 'win32';
/** For `cmd.exe`, the only way to start the `.cmd` files in `node_modules/.bin`. */
const quoted = (text: string): string => (/^[\w.:\\/@=,+-]+$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);

/** @throws when the command can't be started or ends with anything but 0; what was captured is in the message. */
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
