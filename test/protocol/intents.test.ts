/** Intents by name: the same as in discord-api-types, and the errors for wrong ones. */
import { GatewayIntentBits } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { type IntentName, Intents, resolveIntents } from '../../src/protocol/intents.ts';

/** Old names of GuildModeration and GuildExpressions. */
const DEPRECATED = ['GuildBans', 'GuildEmojisAndStickers'];

const failure = (resolve: () => unknown): { code: string; message: string } => {
  try {
    resolve();
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, message: error.message };
  }
  throw new Error('expected a GatewayError');
};

describe('Intents', () => {
  test('has every name of discord-api-types that is not deprecated, with its bit', () => {
    const expected = Object.entries(GatewayIntentBits).filter(
      ([name, bit]) => typeof bit === 'number' && !DEPRECATED.includes(name),
    );
    expect(Intents).toEqual(Object.fromEntries(expected));
  });
});

describe('resolveIntents()', () => {
  test('adds up names, and counts a repeated one once', () => {
    expect(resolveIntents(['Guilds', 'GuildMessages', 'Guilds'])).toBe(1 + 512);
  });

  test('returns 0 for an empty list', () => {
    expect(resolveIntents([])).toBe(0);
  });

  test('adds up all names to a positive number', () => {
    const all = Object.values(Intents).reduce((sum, bit) => sum + bit, 0);
    expect(resolveIntents(Object.keys(Intents) as IntentName[])).toBe(all);
  });

  test('returns a number unchanged, even with bits that have no name', () => {
    expect([0, 513, 2 ** 40].map((bits) => resolveIntents(bits))).toEqual([0, 513, 2 ** 40]);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'throws INVALID_OPTIONS for the number %d',
    (bits) => {
      expect(failure(() => resolveIntents(bits))).toEqual({
        code: 'INVALID_OPTIONS',
        message: `intents must be a non-negative integer, not ${bits}`,
      });
    },
  );

  test.each(['guilds', 'toString', 'GuildBans', ''])(
    'throws INVALID_OPTIONS for the name "%s", and lists the known names',
    (name) => {
      expect(failure(() => resolveIntents([name as IntentName]))).toEqual({
        code: 'INVALID_OPTIONS',
        message: `unknown intent "${name}"; known: ${Object.keys(Intents).join(', ')}`,
      });
    },
  );

  test.each([undefined, null, 'Guilds', {}, 1n])(
    'throws INVALID_OPTIONS for %o, which is neither a number nor a list',
    (value) => {
      expect(failure(() => resolveIntents(value as never))).toEqual({
        code: 'INVALID_OPTIONS',
        message: 'intents must be a number or a list of names such as "Guilds"',
      });
    },
  );
});
