/** Seeded chance, with what payloads are made of. */
const WORDS = [
  'guild',
  'wait',
  'été',
  'raid',
  '日本',
  'ok',
  'lol',
  '🎉',
  'hello',
  'anyone',
  'up',
  'for',
  'a',
  'game',
  'tonight',
  'thanks',
  'brb',
  'https://example.com/a/b',
];
const MODULUS = 4_294_967_296;
const DISCORD_EPOCH_ID = 1_000_000_000_000_000_000n;

export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    // mulberry32: its low bits are as random as its high ones.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / MODULUS) * limit);
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0];
  }

  times<T>(count: number, make: (n: number) => T): T[] {
    return Array.from({ length: count }, (_, n) => make(n));
  }

  /** A snowflake. */
  id(): string {
    return String(DISCORD_EPOCH_ID + BigInt(this.below(MODULUS)) * 65_536n + BigInt(this.below(65_536)));
  }

  /** 32 hexadecimal digits. */
  hash(): string {
    return this.times(4, () => this.below(MODULUS).toString(16).padStart(8, '0')).join('');
  }

  word(): string {
    return WORDS[this.below(WORDS.length)] ?? '';
  }

  /** Words up to about so many characters. */
  words(length: number): string {
    let text = this.word();
    while (text.length < length) text += ` ${this.below(5) === 0 ? this.below(10_000) : this.word()}`;
    return text;
  }
}
