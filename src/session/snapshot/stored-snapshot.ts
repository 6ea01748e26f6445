/** A snapshot as it was read from a store, checked against the session that is to be resumed. */
import { GatewayError } from '../../protocol/errors.ts';
import type { Session } from '../session.ts';
import { decodeFrames } from './snapshot-frame.ts';
import type { SnapshotFrame } from './snapshot-frame.ts';
import { SnapshotIndex } from './snapshot-index.ts';

export interface StoredSnapshot {
  readonly index: SnapshotIndex;
  readonly bytes: Buffer;
  /** What follows was cut off when a process was killed. */
  readonly validBytes: number;
  /** The sequence of its last change. */
  readonly lastSequence: number;
}

/** Says why a snapshot can't be delivered. */
export const snapshotError = (reason: string, cause?: unknown): GatewayError =>
  new GatewayError(
    'SNAPSHOT_FAILED',
    `the guilds of the session can't be restored: ${reason}`,
    cause === undefined ? {} : { cause },
  );

/**
 * Returns the sequence of the last change, or `null` if a change is missing. A process that was killed may have stored
 * more than its session says, and the next one has stored that again.
 */
export function lastOf(frames: readonly SnapshotFrame[]): number | null {
  let last = 0;
  for (const { t, s, previous } of frames) {
    if (t !== 'READY' && s > last && previous !== last) return null;
    last = t === 'READY' ? s : Math.max(last, s);
  }
  return last;
}

/** @throws {@link GatewayError} `SNAPSHOT_FAILED` if it does not say what the guilds are at the sequence of the session. */
export function readSnapshot(stored: unknown, session: Session): StoredSnapshot {
  // A session that was kept without a snapshot has changed guilds that an older snapshot does not know.
  const needed = session.snapshotSequence;
  if (needed === undefined || stored === null) throw snapshotError('the session was kept without a snapshot');
  if (!(stored instanceof Uint8Array)) throw snapshotError('the session store returned no bytes');
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const { frames, validBytes } = decodeFrames(bytes);
  if (frames.length === 0) throw snapshotError('the snapshot is empty, damaged, or of another version');
  if (frames.some(({ sessionId }) => sessionId !== session.sessionId))
    throw snapshotError('the snapshot is of another session');
  const lastSequence = lastOf(frames);
  if (lastSequence === null || lastSequence < needed)
    throw snapshotError('the snapshot is damaged, or older than the session');
  const [first] = frames;
  if (first?.t !== 'READY') throw snapshotError('the snapshot has no READY');
  // Only a READY that was folded follows a change.
  if (first.previous > session.sequence) throw snapshotError('the snapshot is newer than the session');
  return { index: SnapshotIndex.of(frames, session.sequence), bytes, validBytes, lastSequence };
}
