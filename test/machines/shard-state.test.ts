/** Which close codes end a session, the flat states, and the error of a machine without its actors. */
import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import { DEFAULT_TIMING, endsSession, shardMachine, shardState } from '../../machines/index.ts';

test('endsSession() is true for 1000 and 1001 only', () => {
  expect([999, 1000, 1001, 1002, 4000].filter(endsSession)).toEqual([1000, 1001]);
});

describe('shardState()', () => {
  test.each([
    ['disconnected', 'disconnected'],
    ['restoring', 'connecting'],
    ['awaitingOwner', 'connecting'],
    [{ online: { session: { connecting: 'opening' }, heartbeat: 'idle' } }, 'connecting'],
    [{ online: { session: { identifying: 'queued' }, heartbeat: { beating: 'acknowledged' } } }, 'identifying'],
    [{ online: { session: 'resuming', heartbeat: { beating: 'acknowledged' } } }, 'resuming'],
    [{ online: { session: 'ready', heartbeat: { beating: 'acknowledged' } } }, 'ready'],
    [{ disconnecting: 'closing' }, 'disconnecting'],
    ['zombie', 'zombie'],
    ['reconnecting', 'reconnecting'],
    ['failed', 'failed'],
  ])('%j is %s', (value, state) => {
    expect(shardState(value)).toBe(state);
  });
});

test('a machine without an actor fails with the name of the actor', () => {
  const actor = createActor(shardMachine, {
    input: { shardId: 0, shardCount: 1, shouldReconnect: true, session: null, timing: DEFAULT_TIMING },
  });
  const errors: unknown[] = [];
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start().send({ type: 'shard.connect' });
  expect(errors).toEqual([new Error('provide the "loadSession" actor')]);
});
