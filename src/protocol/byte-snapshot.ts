/**
 * Keeps a copy of bytes for somebody who most likely never asks for them. Small ones are kept as a string of one
 * character a byte: it lives in the young heap, which is emptied for nothing, and holds no more memory than it has.
 * A small Buffer is a slice of a pool, which it holds as a whole and only the garbage collector gives back.
 */
export type ByteSnapshot = string | Buffer;

/** From here on a Buffer has memory of its own. */
const LARGE_BYTES = 4_096;

export const snapshotBytes = (bytes: Buffer): ByteSnapshot =>
  bytes.length < LARGE_BYTES ? bytes.toString('latin1') : Buffer.from(bytes);

/** Bytes of the caller's own. */
export const copyOf = (snapshot: ByteSnapshot): Buffer =>
  typeof snapshot === 'string' ? Buffer.from(snapshot, 'latin1') : Buffer.from(snapshot);

/** To be read at once: where it can be, no copy. */
export const viewOf = (snapshot: ByteSnapshot): Buffer =>
  typeof snapshot === 'string' ? Buffer.from(snapshot, 'latin1') : snapshot;
