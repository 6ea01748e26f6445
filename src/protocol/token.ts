/**
 * Keeps the bot token where nothing that prints, clones, inspects or serialises can reach it. Only the function
 * that writes IDENTIFY and RESUME asks for the value.
 */
import { inspect } from 'node:util';
import { GatewayError } from './errors.ts';

const REDACTED = '[redacted]';

export class Token {
  readonly #value: string;

  /** @throws {@link GatewayError} `INVALID_OPTIONS` when it is not a token; the text never repeats what was given. */
  constructor(value: string) {
    if (typeof value !== 'string' || value.trim() === '') {
      throw new GatewayError(
        'INVALID_OPTIONS',
        'token must be a non-empty string: the bot token from the Developer Portal',
      );
    }
    // REST wants "Bot TOKEN", the gateway the bare token; people paste the former.
    this.#value = value.trim().replace(/^Bot\s+/i, '');
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
