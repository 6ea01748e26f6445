/**
 * Keeps the bot token out of logs: printing, cloning, inspecting and serializing do not reach it. Only code
 * that sends it calls `reveal()`.
 */
import { util } from '../node-modules.ts';
import { GatewayError } from './errors.ts';

const REDACTED = '[redacted]';

export class Token {
  readonly #value: string;

  /** @throws {@link GatewayError} `INVALID_OPTIONS` if it is not a token. The message never contains the value. */
  constructor(value: string) {
    if (typeof value !== 'string' || value.trim() === '') {
      throw new GatewayError(
        'INVALID_OPTIONS',
        'token must be a non-empty string: the bot token from the Developer Portal',
      );
    }
    // REST requires "Bot TOKEN", the gateway the token alone; people paste the former.
    this.#value = value.trim().replace(/^Bot\s+/i, '');
  }

  reveal(): string {
    return this.#value;
  }

  /** Returns the id of the bot's application, which is the first part of a bot token and not secret; else `null`. */
  applicationId(): string | null {
    const [first = '', ...rest] = this.#value.split('.');
    const id = Buffer.from(first, 'base64').toString('latin1');
    return rest.length > 0 && /^\d{1,20}$/.test(id) ? id : null;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [util.inspect.custom](): string {
    return REDACTED;
  }
}
