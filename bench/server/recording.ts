/**
 * Records all frames of a connection in advance, as bytes for the socket: whole WebSocket frames, compressed with one
 * context. Every connection starts with a fresh context, so all connections can replay the same recording.
 */
import { constants, createDeflate, createDeflateRaw, createZstdCompress, deflateSync } from 'node:zlib';
import type { Deflate, DeflateRaw, ZstdCompress } from 'node:zlib';

/** The compression that the client asks for. */
export type Transport = 'none' | 'payload' | 'zlib-stream' | 'zstd-stream';

type Compressor = Deflate | DeflateRaw | ZstdCompress;

/** Whether later messages may refer back to a message (`open`) or not (`cut`). After a `cut`, any message may follow. */
type Ending = 'open' | 'cut';

const STREAMS = {
  'zlib-stream': {
    create: createDeflate,
    /** For a message that can follow any cut. */
    createPiece: createDeflateRaw,
    endings: { open: constants.Z_SYNC_FLUSH, cut: constants.Z_FULL_FLUSH },
  },
  'zstd-stream': {
    create: createZstdCompress,
    createPiece: createZstdCompress,
    endings: { open: constants.ZSTD_e_flush, cut: constants.ZSTD_e_end },
  },
} as const;

const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;

/** Returns one unmasked WebSocket frame. @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
function frameOf(payload: Buffer, isBinary: boolean): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = isBinary ? FINAL_BINARY : FINAL_TEXT;
  if (header.length === 2) header[1] = length;
  else if (header.length === 4) {
    header[1] = 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, payload]);
}

async function compressed(compressor: Compressor, text: string, flush: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const collect = (): void => {
    for (let chunk: unknown = compressor.read(); Buffer.isBuffer(chunk); chunk = compressor.read()) chunks.push(chunk);
  };
  compressor.on('readable', collect);
  compressor.write(text);
  await new Promise<void>((resolve) => compressor.flush(flush, () => resolve()));
  collect();
  compressor.off('readable', collect);
  return Buffer.concat(chunks);
}

export interface Recording {
  readonly bytes: Buffer;
  /** The offset of the end of each frame. */
  readonly ends: readonly number[];
}

function record(frames: readonly Buffer[]): Recording {
  let end = 0;
  return { bytes: Buffer.concat(frames), ends: frames.map((frame) => (end += frame.length)) };
}

const textFrame = (text: string): Buffer => frameOf(Buffer.from(text), false);

/** Frames without a shared context. HELLO is not compressed, because the client asks for it in IDENTIFY. */
const MESSAGES: Readonly<Record<'none' | 'payload', (text: string, index: number) => Buffer>> = {
  none: textFrame,
  payload: (text, index) => (index === 0 ? textFrame(text) : frameOf(deflateSync(text), true)),
};

/**
 * @param texts - all messages in order; HELLO is the first
 * @param cuts - the indices after which the gateway may send another message, or repeat the part since the last cut
 */
export async function recordStream(
  transport: Transport,
  texts: readonly string[],
  cuts: ReadonlySet<number>,
): Promise<Recording> {
  if (transport === 'none' || transport === 'payload') return record(texts.map(MESSAGES[transport]));
  const { create, endings } = STREAMS[transport];
  const compressor = create();
  const frames: Buffer[] = [];
  for (const [index, text] of texts.entries()) {
    const ending: Ending = cuts.has(index) ? 'cut' : 'open';
    frames.push(frameOf(await compressed(compressor, text, endings[ending]), true));
  }
  compressor.destroy();
  return record(frames);
}

/** Resolves with the frame of a message that can be sent at any cut of a recording. */
export async function recordPiece(transport: Transport, text: string): Promise<Buffer> {
  if (transport === 'none' || transport === 'payload') return MESSAGES[transport](text, 1);
  const { createPiece, endings } = STREAMS[transport];
  const compressor = createPiece();
  const piece = await compressed(compressor, text, endings.cut);
  compressor.destroy();
  return frameOf(piece, true);
}
