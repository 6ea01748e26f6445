/** Makes ids in Discord's form that depend only on the seed, so that a failing test can be repeated. */
import { createHash } from 'node:crypto';

const TIMESTAMP_SHIFT = 22n;

export class Ids {
  readonly #seed: string;
  readonly #issued = new Map<string, number>();

  constructor(seed: number | string) {
    this.#seed = String(seed);
  }

  /** Returns the next 32 hexadecimal digits of a kind, such as `session`. */
  hex(kind: string): string {
    const count = this.#issued.get(kind) ?? 0;
    this.#issued.set(kind, count + 1);
    return this.#digest(`${kind}#${count}`).slice(0, 32);
  }

  /**
   * Returns a snowflake for a name. The same name gives the same snowflake.
   * @see https://discord.com/developers/docs/reference#snowflakes
   */
  snowflake(name: string): string {
    return this.snowflakes(name, 1)[0] ?? '';
  }

  /** Returns snowflakes with consecutive timestamps, so that guilds spread evenly over any number of shards. */
  snowflakes(name: string, count: number): string[] {
    const digest = this.#digest(name);
    const first = 150_000_000_000n + BigInt(`0x${digest.slice(0, 8)}`) * 16n;
    const low = BigInt(`0x${digest.slice(8, 14)}`) & 0x3fffffn;
    return Array.from({ length: count }, (_, n) => String(((first + BigInt(n)) << TIMESTAMP_SHIFT) | low));
  }

  #digest(text: string): string {
    return createHash('sha256').update(`${this.#seed}:${text}`).digest('hex');
  }
}
