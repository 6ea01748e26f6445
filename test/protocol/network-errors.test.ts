/** The words for what goes wrong on the network, and what is kept of an error. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { certificateHint, hostFailure, messageOf, withoutRequest } from '../../src/protocol/network-errors.ts';

const coded = (message: string, code: string, fields: object = {}): Error =>
  Object.assign(new Error(message), { code, ...fields });

const REFUSED = Object.assign(
  new AggregateError([
    coded('connect ECONNREFUSED 127.0.0.1:443', 'ECONNREFUSED'),
    coded('connect ECONNREFUSED ::1:443', 'ECONNREFUSED'),
    coded('connect ECONNREFUSED ::1:443', 'ECONNREFUSED'),
  ]),
  { code: 'ECONNREFUSED' },
);

const circular = new AggregateError([]);
circular.errors.push(circular);

describe('messageOf()', () => {
  test.each([
    ['the message of an error', new Error('no'), 'no'],
    [
      'each address of an AggregateError once',
      REFUSED,
      'connect ECONNREFUSED 127.0.0.1:443; connect ECONNREFUSED ::1:443',
    ],
    [
      'the cause of a fetch that failed',
      new TypeError('fetch failed', { cause: coded('', 'ENOTFOUND') }),
      'fetch failed: ENOTFOUND',
    ],
    ['the code that a message lacks', coded('socket hang up', 'ECONNRESET'), 'socket hang up (ECONNRESET)'],
    ['the code instead of an empty message', coded('', 'ETIMEDOUT'), 'ETIMEDOUT'],
    ['the name of an error without message and code', new RangeError(''), 'RangeError'],
    [
      'that a certificate is the reason',
      coded('certificate has expired', 'CERT_HAS_EXPIRED'),
      'the certificate was not accepted: certificate has expired (CERT_HAS_EXPIRED)',
    ],
    [
      'that the answer is not TLS',
      coded('write EPROTO 00:error:0A00010B:SSL routines::wrong version number:\n', 'EPROTO'),
      'the server does not answer with TLS (EPROTO)',
    ],
    ['a thrown text', 'boom', 'boom'],
    ['that a value has no text', Object.create(null), 'a value that has no text'],
    ['the name of an error that contains itself', circular, 'AggregateError'],
  ])('returns %s', (_, cause, message) => {
    expect(messageOf(cause)).toBe(message);
  });
});

describe('hostFailure()', () => {
  test('names the host, once', () => {
    expect(hostFailure('wss://gateway.example/?v=10', REFUSED)).toMatch(/^gateway\.example: connect ECONNREFUSED 127/);
    expect(hostFailure('wss://gateway.example', coded('getaddrinfo ENOTFOUND gateway.example', 'ENOTFOUND'))).toBe(
      'getaddrinfo ENOTFOUND gateway.example',
    );
  });
});

describe('the hint of a network error', () => {
  const cause = new TypeError('fetch failed', {
    cause: coded('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'),
  });

  test.each(['CONNECTION_FAILED', 'GATEWAY_INFO_FAILED'] as const)('speaks of certificates for %s', (code) => {
    expect(certificateHint(cause)).toMatch(/clock.*NODE_EXTRA_CA_CERTS/);
    expect(new GatewayError(code, 'm', { cause }).hint).toBe(certificateHint(cause));
  });

  test('speaks of the code when no certificate is involved, or when the error comes from your code', () => {
    expect(new GatewayError('CONNECTION_FAILED', 'm', { cause: REFUSED }).hint).toMatch(/^Wait/);
    expect(new GatewayError('LISTENER_THREW', 'm', { cause }).hint).toMatch(/^Catch/);
  });
});

describe('withoutRequest()', () => {
  test('returns an error that says only what went wrong as it is', () => {
    for (const error of [
      REFUSED,
      new TypeError('fetch failed', { cause: REFUSED }),
      coded('x', 'E', { errno: -111, port: 1 }),
    ])
      expect(withoutRequest(error)).toBe(error);
  });

  test.each([
    ['request', coded('x', 'ECONNRESET', { request: { headers: { Authorization: 'Bot secret' } } })],
    ['config', new Error('x', { cause: coded('y', 'E', { config: { headers: 'secret' } }) })],
    ['non-enumerable field', Object.defineProperty(new Error('x'), 'options', { value: { auth: 'secret' } })],
    ['list of errors', new AggregateError([coded('y', 'E', { options: 'secret' })], 'x')],
    ['text', new Error('x: the header Bot secret is wrong')],
    ['object that is no error', { toString: (): string => 'x', headers: 'secret' }],
  ])('removes the token from the %s of an error', (_, error) => {
    const kept = withoutRequest(error, (text) => text.replaceAll('secret', '[redacted]'));
    expect(inspect(kept, { showHidden: true, depth: null })).not.toContain('secret');
    expect(messageOf(kept)).toMatch(/^x/);
  });

  test('keeps code, address and port of the error, and its stack', () => {
    const error = coded('x', 'ECONNREFUSED', { address: '::1', port: 443, request: {} });
    expect(withoutRequest(error)).toMatchObject({
      code: 'ECONNREFUSED',
      address: '::1',
      port: 443,
      stack: error.stack,
    });
  });

  test('survives an error whose fields throw', () => {
    const error = Object.defineProperty(new Error('x'), 'cause', { get: () => JSON.parse('') });
    expect(withoutRequest(error)).toMatchObject({ message: 'the error could not be read' });
  });
});
