/** Keeps the times of the last session starts of each shard, in a small JSON file beside the session. */
import { join } from 'node:path';
import { readSmallFile, replaceFile } from './small-file.ts';

/** More are of no use, and others may write to the directory. */
const MAX_STARTS = 64;

export class FileStarts {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  pathOf(shardId: number): string {
    return join(this.#directory, `shard-${shardId}.starts.json`);
  }

  /** Resolves with no times if there is no file. Rejects if it is not a list of numbers. */
  async load(shardId: number): Promise<readonly number[]> {
    const file = await readSmallFile(this.pathOf(shardId));
    if (file === null) return [];
    const times: unknown = JSON.parse(file.text);
    if (!isTimes(times)) throw new Error('it is not a list of times');
    return times.slice(-MAX_STARTS);
  }

  async save(shardId: number, times: readonly number[]): Promise<void> {
    const text = `${JSON.stringify(times.slice(-MAX_STARTS))}\n`;
    await replaceFile(this.pathOf(shardId), text, () => Promise.resolve());
  }
}

const isTimes = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((time) => Number.isFinite(time));
