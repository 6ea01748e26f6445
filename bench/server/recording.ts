/**
 * A connection's life as bytes for the wire, made beforehand: whole WebSocket frames, compressed in the one context
 * of the connection. Every connection starts with a fresh context, so one recording serves them all.
 */
import { constants, createDeflate, createDeflateRaw, createZstdCompress, deflateSync } from 'node:zlib';
import type { Deflate, DeflateRaw, ZstdCompress } from 'node:zlib';
import { frameOf } from './frame.ts';

/** As the client asks for it. */
export type Transport = 'none' | 'payload' | 'zlib-stream' | 'zstd-stream';

type Compressor = Deflate | DeflateRaw | ZstdCompress;

/** How a message ends: `open` may be referred to by the next ones, `cut` by none, so that anything may follow. */
type Ending = 'open' | 'cut';

const STREAMS = {
  'zlib-stream': {
    create: createDeflate,
    /** A piece that can follow any cut. */
    createPiece: createDeflateRaw,
    endings: { open: constants.Z_SYNC_FLUSH, cut: constants.Z_FULL_FLUSH },
  },
  'zstd-stream': {
    create: createZstdCompress,
    createPiece: createZstdCompress,
    endings: { open: constants.ZSTD_e_flush, cut: constants.ZSTD_e_end },
  },
} as const;

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
  /** Where each frame ends. */
  readonly ends: readonly number[];
}

function record(frames: readonly Buffer[]): Recording {
  let end = 0;
  return { bytes: Buffer.concat(frames), ends: frames.map((frame) => (end += frame.length)) };
}

const textFrame = (text: string): Buffer => frameOf(Buffer.from(text), false);

/** Messages that stand alone: HELLO comes before anybody could ask for compression. */
const MESSAGES: Readonly<Record<'none' | 'payload', (text: string, index: number) => Buffer>> = {
  none: textFrame,
  payload: (text, index) => (index === 0 ? textFrame(text) : frameOf(deflateSync(text), true)),
};

/**
 * @param texts - in order, from HELLO on
 * @param cuts - indices after which something that is not recorded may be sent, or the part up to the cut before again
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

/** A message that can be sent at any cut of a recording. */
export async function recordPiece(transport: Transport, text: string): Promise<Buffer> {
  if (transport === 'none' || transport === 'payload') return MESSAGES[transport](text, 1);
  const { createPiece, endings } = STREAMS[transport];
  const compressor = createPiece();
  const piece = await compressed(compressor, text, endings.cut);
  compressor.destroy();
  return frameOf(piece, true);
}
