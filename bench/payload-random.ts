/** Seeded random values of the kinds that Discord's payloads are made of. */
import { SeededRandom } from '../src/testing/seeded-random.ts';

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
const DISCORD_EPOCH_ID = 1_000_000_000_000_000_000n;

export class PayloadRandom extends SeededRandom {
  times<T>(count: number, make: (n: number) => T): T[] {
    return Array.from({ length: count }, (_, n) => make(n));
  }

  snowflake(): string {
    return String(DISCORD_EPOCH_ID + BigInt(this.below(2 ** 32)) * 65_536n + BigInt(this.below(65_536)));
  }

  /** Returns 32 hexadecimal digits, the form of an avatar hash. */
  hash(): string {
    return this.times(4, () =>
      this.below(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('');
  }

  word(): string {
    return this.pick(WORDS);
  }

  /** Returns words and numbers, at least `minLength` characters in all. */
  words(minLength: number): string {
    let text = this.word();
    while (text.length < minLength) text += ` ${this.below(5) === 0 ? this.below(10_000) : this.word()}`;
    return text;
  }
}
