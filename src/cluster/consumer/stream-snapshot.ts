/** Reads READY and the guilds of a shard from the snapshot that its node keeps in the engine. */
import { packetOf } from '../../session/snapshot/snapshot-index.ts';
import { SnapshotIndex } from '../../session/snapshot/snapshot-index.ts';
import { decodeFrames } from '../../session/snapshot/snapshot-frame.ts';
import { snapshotError } from '../../session/snapshot/stored-snapshot.ts';
import type { LoggedDispatch } from '../ports/dispatch-log.ts';
import type { SessionJournal } from '../ports/session-journal.ts';

/**
 * Yields what the snapshot knows, as it was before the next dispatch of the stream. A guild that was changed after that is
 * newer; its changes are then delivered again.
 * @throws {@link GatewayError} `SNAPSHOT_FAILED`
 */
export async function* readStreamSnapshot(
  journal: SessionJournal,
  shardId: number,
  next: LoggedDispatch | undefined,
): AsyncGenerator<LoggedDispatch, void, undefined> {
  const stored: unknown = await journal.loadSnapshot(shardId);
  if (!(stored instanceof Uint8Array))
    throw snapshotError(`the engine has none of shard ${shardId}; the nodes need warmStart too`);
  const { frames } = decodeFrames(Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength));
  const last = frames.at(-1);
  const [first] = frames;
  if (first === undefined || last === undefined)
    throw snapshotError('the snapshot is empty, damaged, or of another version');
  const before = next?.sessionId === last.sessionId && first.previous < next.sequence ? next.sequence - 1 : Infinity;
  const sequence = Math.min(before, Math.max(...frames.map(({ s }) => s)));
  const ofSession = frames.filter(({ sessionId }) => sessionId === last.sessionId);
  for await (const dispatch of SnapshotIndex.of(ofSession, sequence).dispatches())
    yield {
      position: '',
      shardId,
      sessionId: last.sessionId,
      sequence,
      t: dispatch.t,
      guildId: dispatch.guildId,
      bytes: packetOf(dispatch, sequence),
      attempt: 1,
      isRedelivered: false,
    };
}
