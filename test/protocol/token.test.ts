/** The token comes out where it is asked for by name, and nowhere else. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { Token } from '../../src/protocol/token.ts';

const SECRET = 'c2VjcmV0.dG9r.ZW4';

describe('a Token', () => {
  test('reveals its value when asked to', () => {
    expect(new Token(SECRET).reveal()).toBe(SECRET);
  });

  test.each([`Bot ${SECRET}`, `bot  ${SECRET}`, ` ${SECRET}\n`, `\tBot ${SECRET} `])(
    'takes %j for the bare token',
    (pasted) => {
      expect(new Token(pasted).reveal()).toBe(SECRET);
    },
  );

  test.each([
    ['String()', (token: Token) => String(token), '[redacted]'],
    ['a template', (token: Token) => `<${token as unknown as string}>`, '<[redacted]>'],
    ['JSON', (token: Token) => JSON.stringify({ token }), '{"token":"[redacted]"}'],
    ['util.inspect', (token: Token) => inspect({ token }, { showHidden: true, depth: null }), '{ token: [redacted] }'],
    [
      'util.inspect without custom inspection',
      (token: Token) => inspect(token, { customInspect: false, showHidden: true }),
      'Token {}',
    ],
    ['structuredClone', (token: Token) => structuredClone({ token }), { token: {} }],
    ['a spread', (token: Token) => Object.assign({}, token), {}],
    ['its own keys', (token: Token) => Reflect.ownKeys(token), []],
  ])('is not shown by %s', (_, show, shown) => {
    expect(show(new Token(SECRET))).toEqual(shown);
  });

  test.each([undefined, null, '', '  ', 42, { token: SECRET }, [SECRET]])(
    'refuses %j without repeating it',
    (value) => {
      let error: unknown;
      try {
        new Token(value as never).reveal();
      } catch (caught) {
        error = caught;
      }
      expect(error).toHaveProperty('code', 'INVALID_OPTIONS');
      expect(error).toEqual(
        new GatewayError(
          'INVALID_OPTIONS',
          'token must be a non-empty string: the bot token from the Developer Portal',
        ),
      );
    },
  );
});
