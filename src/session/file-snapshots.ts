/** The snapshots of a `FileSessionStore`: one file per shard beside its session, `shard-0.guilds`. */
import { join } from 'node:path';
import { fs } from '../node-modules.ts';
import { appendBytes, readBytes, replaceFile } from './small-file.ts';
import { MAX_SNAPSHOT_BYTES } from './snapshot/snapshot-log.ts';

/** Rejects if the caller no longer owns the shard. */
export type AssertHeld = () => Promise<void>;

export class FileSnapshots {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  pathOf(shardId: number): string {
    return join(this.#directory, `shard-${shardId}.guilds`);
  }

  async load(shardId: number): Promise<Uint8Array | null> {
    return (await readBytes(this.pathOf(shardId), MAX_SNAPSHOT_BYTES))?.bytes ?? null;
  }

  save(shardId: number, bytes: Uint8Array, assertHeld: AssertHeld): Promise<void> {
    return replaceFile(this.pathOf(shardId), bytes, assertHeld);
  }

  append(shardId: number, bytes: Uint8Array, assertHeld: AssertHeld): Promise<void> {
    return appendBytes(this.pathOf(shardId), bytes, assertHeld);
  }

  async clear(shardId: number, assertHeld: AssertHeld): Promise<void> {
    await assertHeld();
    await fs.promises.rm(this.pathOf(shardId), { force: true });
  }
}
