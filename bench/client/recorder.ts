/** A flight recorder that writes into a temporary directory, if this version of the package has one. */
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ShardOptions } from '../../src/index.ts';

const MODULE = join(import.meta.dirname, '..', '..', 'src', 'recorder', 'index.ts');

interface RecorderModule {
  readonly FlightRecorder: new (options: { directory: string }) => NonNullable<ShardOptions['inspect']>;
}

/** Returns why the recorder can't be measured, or `null`. */
export const recorderProblem = (): string | null => (existsSync(MODULE) ? null : 'this version has no recorder');

/** The directory is deleted at the exit of the process, after the last write of the recorder. */
export async function createRecorder(): Promise<NonNullable<ShardOptions['inspect']>> {
  const { FlightRecorder } = (await import(pathToFileURL(MODULE).href)) as RecorderModule;
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-bench-recorder-'));
  const recorder = new FlightRecorder({ directory });
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return recorder;
}
