/** The decoder for each way a gateway compresses. */
import type { Compression } from '../protocol/gateway-url.ts';
import type { Decoder, DecoderOptions, DecoderSink } from './decoder.ts';
import { BaseDecoder } from './base-decoder.ts';
import { PayloadDecoder } from './payload-decoder.ts';
import { ZlibStreamDecoder, ZstdStreamDecoder } from './stream-decoder.ts';

export function createDecoder(compression: Compression, sink: DecoderSink, options: DecoderOptions): Decoder {
  return DECODERS[compression](sink, options.maxMessageBytes, options.codec);
}

const DECODERS: Readonly<
  Record<Compression, (sink: DecoderSink, maxBytes: number, codec: 'sync' | 'stream' | undefined) => Decoder>
> = {
  none: (sink, maxBytes) => new BaseDecoder(sink, maxBytes),
  payload: (sink, maxBytes, codec) => new PayloadDecoder(sink, maxBytes, codec),
  'zlib-stream': (sink, maxBytes, codec) => new ZlibStreamDecoder('zlib', sink, maxBytes, codec),
  'zstd-stream': (sink, maxBytes, codec) => new ZstdStreamDecoder('zstd', sink, maxBytes, codec),
};
