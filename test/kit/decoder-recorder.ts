import { createDecoder } from '../../src/decoding/decoder.ts';
import type { Decoder } from '../../src/decoding/base-decoder.ts';
import type { DecoderOptions } from '../../src/decoding/decoder.ts';
import type { GatewayError } from '../../src/protocol/errors.ts';
import type { Compression } from '../../src/protocol/gateway-url.ts';

/** Records the messages and faults of a decoder. It parses messages as a connection does. */
export class DecoderRecorder {
  readonly messages: string[] = [];
  readonly faults: GatewayError[] = [];
  readonly decoder: Decoder;
  onMessage: (text: string) => void = () => {};

  constructor(compression: Compression, options: Partial<DecoderOptions> = {}) {
    const message = (bytes: Buffer): boolean => {
      const text = bytes.toString();
      try {
        JSON.parse(text);
      } catch {
        return false;
      }
      this.messages.push(text);
      this.onMessage(text);
      return true;
    };
    this.decoder = createDecoder(
      compression,
      { message, fault: (error) => this.faults.push(error) },
      { maxMessageBytes: 64 * 1_024 * 1_024, ...options },
    );
  }

  write(...frames: readonly (Buffer | string)[]): void {
    for (const frame of frames) {
      if (typeof frame === 'string') this.decoder.write(Buffer.from(frame), false);
      else this.decoder.write(frame, true);
    }
  }

  /** Resolves with the messages and the codes of the faults when all frames are decoded. */
  async result(): Promise<{ messages: string[]; faults: string[] }> {
    await new Promise<void>((resolve) => this.decoder.flush(resolve));
    return { messages: this.messages, faults: this.faults.map(({ code }) => code) };
  }
}
