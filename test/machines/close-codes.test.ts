import { describe, expect, test } from 'vitest';
import { SHARDS } from './running-shard.ts';
import { SESSION, closed } from './shard-events.ts';

/** With a random number of ½. */
const [BACKOFF_MS, RATE_LIMITED_MS] = [125, 5_125];

const disconnectedEffect = (code: number, reason: string, willReconnect: boolean, willResume: boolean) => [
  'disconnected',
  { code, reason, initiator: code === 1006 ? 'transport' : 'gateway', willReconnect, willResume },
];

describe('shard machine: close codes', () => {
  test.each([1000, 1001, 1005, 1006, 4000, 4006, 3000, 4999])(
    'after close code %i the shard reconnects with its session',
    (code) => {
      const shard = SHARDS.ready().clearEffects().send(closed(code, 'why')).wait(BACKOFF_MS);
      expect(shard.consumeEffects()).toEqual([
        [0, ...disconnectedEffect(code, 'why', true, true)],
        [0, 'closeSocket', { connectionId: 1, closeWith: null, reason: 'why' }],
        [BACKOFF_MS, 'socket', { connectionId: 2, resumeUrl: SESSION.resumeUrl }],
      ]);
    },
  );

  test.each([4007, 4009])('after close code %i the shard reconnects without a session', (code) => {
    const shard = SHARDS.ready().clearEffects().send(closed(code, 'why')).wait(BACKOFF_MS);
    expect(shard.consumeEffects()).toEqual([
      [0, ...disconnectedEffect(code, 'why', true, false)],
      [0, 'closeSocket', { connectionId: 1, closeWith: null, reason: 'why' }],
      [BACKOFF_MS, 'socket', { connectionId: 2, resumeUrl: null }],
    ]);
  });

  test.each([
    [4001, 'PAYLOAD_REFUSED', true],
    [4002, 'PAYLOAD_REFUSED', true],
    [4003, 'NOT_AUTHENTICATED', false],
    [4005, 'ALREADY_AUTHENTICATED', true],
  ])('after close code %i, which blames the shard, it emits the fault %s and reconnects', (code, fault, willResume) => {
    const shard = SHARDS.ready().clearEffects().send(closed(code, 'why')).wait(BACKOFF_MS);
    expect(shard.consumeEffects()).toEqual([
      [0, 'fault', { code: fault, reason: 'why', closeCode: code, cause: undefined }],
      [0, ...disconnectedEffect(code, 'why', true, willResume)],
      [0, 'closeSocket', { connectionId: 1, closeWith: null, reason: 'why' }],
      [BACKOFF_MS, 'socket', { connectionId: 2, resumeUrl: willResume ? SESSION.resumeUrl : null }],
    ]);
  });

  test('after close code 4008 the shard emits a fault and reconnects with its session after a longer wait', () => {
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
  ])('after close code %i the shard fails with %s and does not reconnect', (code, error) => {
    const shard = SHARDS.ready().clearEffects().send(closed(code, 'why')).wait(86_400_000);
    expect(shard.consumeEffects()).toEqual([
      [0, ...disconnectedEffect(code, 'why', false, false)],
      [0, 'failed', { code: error, reason: 'why', closeCode: code }],
    ]);
    expect(shard.state).toBe('failed');
    expect(shard.context.session).toBeNull();
  });

  test('a close without a reason has the name of its code as the reason', () => {
    const shard = SHARDS.ready().clearEffects().send(closed(4009));
    expect(shard.consumeEffects()[0]).toEqual([0, ...disconnectedEffect(4009, 'session timed out', true, false)]);
  });
});
