/** Describes the machine and the versions of a run. Figures mean nothing without them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Machine {
  /** The day, in ISO 8601. */
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** The load average of the minute before the run. */
  readonly loadBefore: number;
  readonly versions: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, '..');
const PACKAGES = ['ws', 'xstate', '@discordjs/ws', '@discordeno/gateway', 'eris', 'oceanic.js', 'seyfert'] as const;
const BYTES_PER_GIB = 1024 ** 3;

const versionIn = (folder: string): string =>
  (JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { version: string }).version;

const git = (...args: readonly string[]) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });

/** Returns the commit, with `+` behind it if files of the package differ from it; `null` without git. */
export function currentCommit(): string | null {
  const { status, stdout } = git('rev-parse', '--short', 'HEAD');
  if (status !== 0) return null;
  const isChanged = git('status', '--porcelain', '--', 'src', 'machines').stdout !== '';
  return `${stdout.trim()}${isChanged ? '+' : ''}`;
}

export const thisMachine = (): Machine => ({
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / BYTES_PER_GIB),
  system: `${process.platform} ${release()} ${process.arch}`,
  node: process.version,
  loadBefore: loadavg()[0] ?? 0,
  versions: {
    shardwright: versionIn('.'),
    ...Object.fromEntries(PACKAGES.map((name) => [name, versionIn(join('node_modules', name))])),
  },
});
