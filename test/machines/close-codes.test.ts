import { expect, test } from 'vitest';
import { SHARDS } from './running-shard.ts';
import { SESSION, closed } from './shard-events.ts';

/** With dice that say ½. */
const [BACKOFF_MS, RATE_LIMITED_MS] = [125, 5_125];

const disconnectedEffect = (code: number, reason: string, willReconnect: boolean, willResume: boolean) => [
  'disconnected',
  { code, reason, initiator: code === 1006 ? 'transport' : 'gateway', willReconnect, willResume },
];

test.each([1000, 1001, 1005, 1006, 4000, 4001, 4002, 4005, 4006, 3000, 4999])(
  'the close code %i is survived with the session',
  (code) => {
    const shard = SHARDS.ready().clearEffects().send(closed(code, 'why')).wait(BACKOFF_MS);
    expect(shard.consumeEffects()).toEqual([
      [0, ...disconnectedEffect(code, 'why', true, true)],
      [0, 'closeSocket', { connectionId: 1, closeWith: null, reason: 'why' }],
      [BACKOFF_MS, 'socket', { connectionId: 2, resumeUrl: SESSION.resumeUrl }],
    ]);
  },
);

test.each([4003, 4007, 4009])('the close code %i is survived with a new session', (code) => {
  const shard = SHARDS.ready().clearEffects().send(closed(code, 'why')).wait(BACKOFF_MS);
  expect(shard.consumeEffects()).toEqual([
    [0, ...disconnectedEffect(code, 'why', true, false)],
    [0, 'closeSocket', { connectionId: 1, closeWith: null, reason: 'why' }],
    [BACKOFF_MS, 'socket', { connectionId: 2, resumeUrl: null }],
  ]);
});

test('the close code 4008 is a fault of ours, survived with the session after a longer wait', () => {
  const shard = SHARDS.ready().clearEffects().send(closed(4008, 'why')).wait(RATE_LIMITED_MS);
  expect(shard.consumeEffects()).toEqual([
    [0, 'fault', { code: 'RATE_LIMITED', reason: 'why', closeCode: 4008, cause: undefined }],
    [0, ...disconnectedEffect(4008, 'why', true, true)],
    [0, 'closeSocket', { connectionId: 1, closeWith: null, reason: 'why' }],
    [RATE_LIMITED_MS, 'socket', { connectionId: 2, resumeUrl: SESSION.resumeUrl }],
  ]);
});

test.each([
  [4004, 'AUTHENTICATION_FAILED'],
  [4010, 'INVALID_SHARD'],
  [4011, 'SHARDING_REQUIRED'],
  [4012, 'INVALID_API_VERSION'],
  [4013, 'INVALID_INTENTS'],
  [4014, 'DISALLOWED_INTENTS'],
])('the close code %i is final: %s, and nothing follows by itself', (code, error) => {
  const shard = SHARDS.ready().clearEffects().send(closed(code, 'why')).wait(86_400_000);
  expect([shard.consumeEffects(), shard.state, shard.context.session]).toEqual([
    [
      [0, ...disconnectedEffect(code, 'why', false, false)],
      [0, 'failed', { code: error, reason: 'why', closeCode: code }],
    ],
    'failed',
    null,
  ]);
});

test('a close without a reason is told of by the name of its code', () => {
  const shard = SHARDS.ready().clearEffects().send(closed(4009));
  expect(shard.consumeEffects()[0]).toEqual([0, ...disconnectedEffect(4009, 'session timed out', true, false)]);
});
