/** The runtimes of the matrix, and where npm has put their programs. */
import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT, run } from '../run.ts';
import type { Command } from './bot-process.ts';

export interface Runtime {
  readonly name: string;
  /** Whether `npm test` tries it too. It runs all its other tests on Node. */
  readonly isQuick: boolean;
  /** Where the program of the runtime lies; `null` if this machine can't have it. */
  readonly locate: () => Promise<string | null>;
  /** Arguments before the file to run. */
  readonly args: readonly string[];
}

const requireRuntime = createRequire(join(ROOT, 'test', 'runtimes', 'package.json'));

/**
 * The packages `bun` and `deno` bring a program for each platform as an optional package, and copy it when they are
 * installed. It is run from where it lies, so that their install scripts are not needed.
 */
async function programOf(packageName: string, file: string): Promise<string | null> {
  try {
    const program = requireRuntime.resolve(`${packageName}/package.json`).replace('package.json', file);
    await access(program, constants.X_OK);
    return program;
  } catch {
    return null;
  }
}

const { platform, arch } = process;
const EXE = platform === 'win32' ? '.exe' : '';
const BUN_ARCH = arch === 'arm64' ? 'aarch64' : arch;
const BUN_PLATFORM = platform === 'win32' ? 'windows' : platform;
const DENO_LIBC = platform === 'linux' ? '-glibc' : '';

export const RUNTIMES: readonly Runtime[] = [
  { name: 'Node', isQuick: false, locate: () => Promise.resolve(process.execPath), args: [] },
  {
    name: 'Bun',
    isQuick: true,
    locate: () => programOf(`@oven/bun-${BUN_PLATFORM}-${BUN_ARCH}`, join('bin', `bun${EXE}`)),
    args: [],
  },
  {
    name: 'Deno',
    isQuick: true,
    locate: () => programOf(`@deno/${platform}-${arch}${DENO_LIBC}`, `deno${EXE}`),
    // All that docs/guides/runtimes.md asks for, and no more.
    args: ['run', '--no-prompt', '--allow-net', '--allow-env', '--allow-read', '--allow-write', '--allow-sys=hostname'],
  },
];

/** A runtime that this machine has. */
export interface FoundRuntime {
  readonly name: string;
  readonly version: string;
  readonly command: (file: string, ...args: string[]) => Command;
}

/** Returns the runtime if this machine has it and it starts, else `null`. */
export async function findRuntime({ name, locate, args }: Runtime): Promise<FoundRuntime | null> {
  const program = await locate();
  if (program === null) return null;
  try {
    const [version = ''] = /\d+\.\d+\.\d+/.exec(await run(program, ['--version'], { capture: true })) ?? [];
    return { name, version, command: (file, ...rest) => [program, ...args, file, ...rest] };
  } catch {
    return null;
  }
}
