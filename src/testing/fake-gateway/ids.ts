/** Ids that look like Discord's and depend on nothing but the seed, so a failing test can be run again as it was. */
import { createHash } from 'node:crypto';

const TIMESTAMP_SHIFT = 22n;

export class Ids {
  readonly #seed: string;
  readonly #issued = new Map<string, number>();

  constructor(seed: number | string) {
    this.#seed = String(seed);
  }

  /** The next 32 hexadecimal digits of a kind, such as `session`. */
  hex(kind: string): string {
    const count = this.#issued.get(kind) ?? 0;
    this.#issued.set(kind, count + 1);
    return this.#digest(`${kind}#${count}`).slice(0, 32);
  }

  /**
   * A snowflake for a name; the same name gives the same one.
   * @see https://discord.com/developers/docs/reference#snowflakes
   */
  snowflake(name: string): string {
    return this.snowflakes(name, 1)[0] ?? '';
  }

  /** Snowflakes whose timestamps follow each other, so that guilds spread evenly over any number of shards. */
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
