/** The token is shown by `reveal()` and by nothing else. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { Token } from '../../src/protocol/token.ts';

const SECRET = 'c2VjcmV0.dG9r.ZW4';

describe('Token', () => {
  test('returns its value from reveal()', () => {
    expect(new Token(SECRET).reveal()).toBe(SECRET);
  });

  test.each([`Bot ${SECRET}`, `bot  ${SECRET}`, ` ${SECRET}\n`, `\tBot ${SECRET} `])(
    'accepts %j as the token alone',
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
    'throws INVALID_OPTIONS for %j without repeating it',
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

  test.each([
    ['MjIyMjIyMjIyMjIyMjIyMjIy.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs', '222222222222222222'],
    [SECRET, null],
    ['MjIyMjIyMjIyMjIyMjIyMjIy', null],
    ['x', null],
  ])('names the application of the bot, if it is a bot token (%s)', (token, id) => {
    expect(new Token(token).applicationId()).toBe(id);
  });
});
