/**
 * The form in which a snapshot is stored: one frame after the other, each a dispatch that changed the guilds. Each frame
 * names its session and has a checksum. So a store need only append bytes, and a reader sees where a kill cut them off.
 */
import * as zlib from 'node:zlib';

/** A dispatch that changed READY or a guild, reduced to what is kept. */
export interface SnapshotChange {
  readonly sessionId: string;
  readonly t: string;
  readonly s: number;
  /** The sequence of the change before it, so that a reader notices a gap. */
  readonly previous: number;
  /** `null` for a change of READY. */
  readonly guildId: string | null;
}

export interface SnapshotFrame extends SnapshotChange {
  readonly isDeflated: boolean;
  /** `d` as JSON, deflated or not. */
  readonly data: Buffer;
  /** The whole frame. */
  readonly bytes: Buffer;
}

/** Begins each frame. The last byte is the version of the form. */
const MAGIC = 0x53_57_47_01;
/** The magic number, the length of the body, and its checksum. */
const HEADER_BYTES = 4 + 4 + 4;
/** Two sequences, a flag, and the lengths of three texts. */
const FIXED_BODY_BYTES = 8 + 8 + 1 + 2 + 2 + 2;

export function encodeFrame(change: SnapshotChange, data: Buffer, isDeflated = false): Buffer {
  const { sessionId, t, s, previous, guildId } = change;
  const texts = [sessionId, t, guildId ?? ''].map((text) => Buffer.from(text));
  const body = FIXED_BODY_BYTES + texts.reduce((sum, { length }) => sum + length, 0) + data.length;
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(body, 4);
  let at = bytes.writeDoubleBE(s, HEADER_BYTES);
  at = bytes.writeDoubleBE(previous, at);
  at = bytes.writeUInt8(isDeflated ? 1 : 0, at);
  for (const { length } of texts) at = bytes.writeUInt16BE(length, at);
  for (const part of [...texts, data]) at += part.copy(bytes, at);
  bytes.writeUInt32BE(zlib.crc32(bytes.subarray(HEADER_BYTES)), 8);
  return bytes;
}

/** Returns the frame at the beginning of `bytes`, or `null` if there is no whole frame. */
export function decodeFrame(bytes: Buffer): SnapshotFrame | null {
  if (bytes.length < HEADER_BYTES + FIXED_BODY_BYTES || bytes.readUInt32BE(0) !== MAGIC) return null;
  const end = HEADER_BYTES + bytes.readUInt32BE(4);
  if (end > bytes.length || zlib.crc32(bytes.subarray(HEADER_BYTES, end)) !== bytes.readUInt32BE(8)) return null;
  let at = HEADER_BYTES + FIXED_BODY_BYTES;
  const textAt = (lengthAt: number): string => {
    const from = at;
    at += bytes.readUInt16BE(lengthAt);
    return bytes.toString('utf8', from, at);
  };
  const sessionId = textAt(HEADER_BYTES + 17);
  const t = textAt(HEADER_BYTES + 19);
  const guildId = textAt(HEADER_BYTES + 21);
  return {
    sessionId,
    t,
    s: bytes.readDoubleBE(HEADER_BYTES),
    previous: bytes.readDoubleBE(HEADER_BYTES + 8),
    guildId: guildId === '' ? null : guildId,
    isDeflated: bytes[HEADER_BYTES + 16] === 1,
    data: bytes.subarray(at, end),
    bytes: bytes.subarray(0, end),
  };
}

/** Returns the frames at the beginning of `bytes`, and how many bytes they are. What follows them is not whole. */
export function decodeFrames(bytes: Buffer): { readonly frames: SnapshotFrame[]; readonly validBytes: number } {
  const frames: SnapshotFrame[] = [];
  let validBytes = 0;
  for (;;) {
    const frame = decodeFrame(bytes.subarray(validBytes));
    if (frame === null) return { frames, validBytes };
    frames.push(frame);
    validBytes += frame.bytes.length;
  }
}
