import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/index.ts';
import { closeReasonOf, errorName, problemOf, withoutSecrets } from '../../src/recorder/redaction.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

describe('withoutSecrets()', () => {
  test.each([
    ['a token', `can't use ${TOKEN}!`, "can't use […]!"],
    ['a session id', `session ${'0123456789abcdef'.repeat(2)} is over`, 'session […] is over'],
    ['an id of Discord', 'guild 197038439483310086 is gone', 'guild […] is gone'],
    ['a password in a URL', 'wss://name:secret@proxy.test:3128/x failed', 'wss://proxy.test:3128/x failed'],
    ['a query', 'wss://gateway.test/?key=hidden failed', 'wss://gateway.test/ failed'],
  ])('takes out %s', (_name, text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  test('takes out random tokens and ids of every kind', () => {
    for (const encoding of ['hex', 'base64url'] as const)
      for (let time = 0; time < 500; time += 1) {
        const secret = `${randomBytes(24).toString(encoding)}7`;
        expect(withoutSecrets(`before ${secret} after`)).not.toContain(secret);
      }
  });

  test.each([
    'gateway-us-east1-b.discord.gg: getaddrinfo ENOTFOUND',
    'connect ECONNREFUSED 127.0.0.1:46759',
    'a heartbeat was not acknowledged before the next was due',
    '127.0.0.1:35089: Unexpected server response: 520',
  ])('leaves "%s"', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });
});

describe('problemOf()', () => {
  test('says nothing that code of the user has written', () => {
    const cause = Object.assign(new TypeError('the content of a message'), { code: 'E_USER' });
    const error = new GatewayError('LISTENER_THREW', 'a listener of "MESSAGE_CREATE" threw', { cause });
    expect(problemOf(error)).toEqual({
      code: 'LISTENER_THREW',
      message: null,
      hint: error.hint,
      closeCode: null,
      opcode: null,
      cause: 'E_USER',
    });
  });

  test('keeps the message of an error of the network', () => {
    const error = new GatewayError('CONNECTION_FAILED', 'connect ECONNREFUSED 127.0.0.1:1', {
      cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }),
    });
    expect(problemOf(error)).toMatchObject({ message: 'connect ECONNREFUSED 127.0.0.1:1', cause: 'ECONNREFUSED' });
  });
});

test.each([
  ['an error with a code', Object.assign(new Error('x'), { code: 'ENOSPC' }), 'ENOSPC'],
  ['an error without a code', new RangeError('x'), 'RangeError'],
  ['a text', 'the content of a message', null],
  ['a name that is none', { name: 'the content of a message' }, null],
])('errorName() of %s', (_name, cause, expected) => {
  expect(errorName(cause)).toBe(expected);
});

describe('closeReasonOf()', () => {
  const loss = { code: 4000, reason: 'hello', willReconnect: true, willResume: true } as const;

  test('names the code in place of the reason that the gateway wrote', () => {
    expect(closeReasonOf({ ...loss, initiator: 'gateway' })).toBe('unknown error');
  });

  test('keeps the reason of the shard', () => {
    expect(closeReasonOf({ ...loss, initiator: 'shard' })).toBe('hello');
  });

  test('keeps that an opcode was the reason', () => {
    const reason = 'the gateway asked for a reconnect';
    expect(closeReasonOf({ ...loss, reason, initiator: 'gateway' })).toBe(reason);
  });
});
