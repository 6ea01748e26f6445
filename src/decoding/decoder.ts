/**
 * Frames in, whole messages out, in order: one decoder a connection, because a compressed transport has one context
 * for all its messages.
 * @see https://discord.com/developers/docs/events/gateway#encoding-and-compression
 */
import type { GatewayError } from '../protocol/errors.ts';

export interface DecoderSink {
  /**
   * The UTF-8 bytes of one message, only valid until they are read: the buffer is shared. Gives back whether they
   * were a message.
   */
  message(bytes: Buffer): boolean;
  /** At most once; nothing follows. */
  fault(error: GatewayError): void;
}

export interface Decoder {
  write(data: Buffer, isBinary: boolean): void;
  /** Calls back when everything written before has been handed out. */
  flush(done: () => void): void;
  /** Nothing is handed out afterwards. Idempotent. */
  close(): void;
}

export interface DecoderOptions {
  /** The most bytes one message may have, inflated. */
  maxMessageBytes: number;
  /** How streams are inflated. By default synchronously, where the running Node is proved to do that right. */
  codec?: 'sync' | 'stream';
}
