/** What a shard does while another process has its session. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMING } from '../../machines/index.ts';
import { FORCE, KEEP, SHARDS } from './running-shard.ts';
import { OTHER, SESSION } from './shard-events.ts';

describe('shard machine: a session that another process has', () => {
  const cause = new Error('process 7');
  const IN_USE = { type: 'session.inUse', reason: 'process 7 has it', cause } as const;

  test('is asked for every 250 ms, and resumed when the other process has stopped', () => {
    const shard = SHARDS.restoring({ session: null }).clearEffects().send(IN_USE);
    const waiting = shard.state;
    shard.wait(250).send(IN_USE).wait(250).send({ type: 'session.loaded', session: OTHER });
    expect(waiting).toBe('awaitingOwner');
    expect(shard.consumeEffects()).toEqual([
      [250, 'loadSession', { shardId: 7 }],
      [500, 'loadSession', { shardId: 7 }],
      [500, 'socket', { connectionId: 1, resumeUrl: OTHER.resumeUrl }],
    ]);
  });

  test('makes the shard fail after claimTimeoutMs, and connect() tries again', () => {
    const timing = { ...DEFAULT_TIMING, claimTimeoutMs: 500 };
    const shard = SHARDS.restoring({ session: null, timing }).send(IN_USE).wait(250).send(IN_USE).wait(250);
    expect(shard.state).toBe('restoring');
    shard.clearEffects().send(IN_USE);
    const failed = { code: 'SESSION_IN_USE', reason: 'process 7 has it', closeCode: null, cause };
    expect(shard.consumeEffects()).toEqual([[0, 'failed', failed]]);
    expect(shard.state).toBe('failed');
    shard.send({ type: 'shard.connect' }, IN_USE);
    expect(shard.state).toBe('awaitingOwner');
  });

  test('is still waited for when a later claim is not answered, and makes the shard fail after claimTimeoutMs', () => {
    const timing = { ...DEFAULT_TIMING, claimTimeoutMs: 10_300 };
    const shard = SHARDS.restoring({ session: SESSION, timing }).send(IN_USE).clearEffects().wait(10_250);
    expect(shard.state).toBe('awaitingOwner');
    shard.wait(10_250);
    const reason = 'the session store did not answer within connectTimeoutMs';
    expect(shard.consumeEffects()).toEqual([
      [250, 'loadSession', { shardId: 7 }],
      [10_250, 'fault', { code: 'SESSION_STORE_FAILED', closeCode: null, reason, cause: undefined }],
      [10_500, 'loadSession', { shardId: 7 }],
      [20_500, 'failed', { code: 'SESSION_IN_USE', reason: 'process 7 has it', closeCode: null, cause }],
    ]);
    expect(shard.state).toBe('failed');
    expect(shard.context.session).toEqual(SESSION);
  });

  test.each([
    ['disconnect()', KEEP],
    ['forceClose()', FORCE],
  ] as const)('is no longer waited for after %s', (_, event) => {
    expect(SHARDS.restoring().send(IN_USE, event).state).toBe('disconnected');
  });

  test.each([
    ['resume()', { type: 'shard.resume', session: OTHER }, OTHER.resumeUrl],
    ['reinstantiate()', { type: 'shard.reinstantiate' }, null],
  ] as const)('is no longer waited for after %s, which connects at once', (_, event, resumeUrl) => {
    const shard = SHARDS.restoring().send(IN_USE).clearEffects().send(event);
    expect(shard.consumeEffects()).toEqual([[0, 'socket', { connectionId: 1, resumeUrl }]]);
  });
});
