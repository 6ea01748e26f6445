/**
 * The way into decoding: a decoder turns frames into whole messages, in order. A connection has one of its own, because
 * a compressed transport has one context for all its messages.
 * @see https://discord.com/developers/docs/events/gateway#encoding-and-compression
 */
import type { Compression } from '../protocol/gateway-url.ts';
import { JsonDecoder } from './base-decoder.ts';
import type { Decoder, DecoderSink } from './base-decoder.ts';
import { PayloadDecoder } from './payload-decoder.ts';
import { ZlibStreamDecoder, ZstdStreamDecoder } from './stream-decoder.ts';

export interface DecoderOptions {
  /** Max bytes of one message after decompression. */
  maxMessageBytes: number;
  /** How streams are inflated. By default synchronously, if the self-test has passed on this Node. */
  codec?: 'sync' | 'stream';
}

/** Returns the decoder for the way in which a gateway compresses. */
export function createDecoder(
  compression: Compression,
  sink: DecoderSink,
  { maxMessageBytes, codec }: DecoderOptions,
): Decoder {
  return DECODERS[compression](sink, maxMessageBytes, codec);
}

const DECODERS: Readonly<
  Record<Compression, (sink: DecoderSink, maxBytes: number, codec: DecoderOptions['codec']) => Decoder>
> = {
  none: (sink, maxBytes) => new JsonDecoder(sink, maxBytes),
  payload: (sink, maxBytes, codec) => new PayloadDecoder(sink, maxBytes, codec),
  'zlib-stream': (sink, maxBytes, codec) => new ZlibStreamDecoder('zlib', sink, maxBytes, codec),
  'zstd-stream': (sink, maxBytes, codec) => new ZstdStreamDecoder('zstd', sink, maxBytes, codec),
};
