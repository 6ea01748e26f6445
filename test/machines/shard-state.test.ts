/** The small words the chart is told in: which closes end a session, what a state is called, what a machine lacks. */
import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import { DEFAULT_TIMING, endsSession, shardMachine, shardState } from '../../machines/index.ts';

test('a close with 1000 or 1001 ends the session, and no other code does', () => {
  expect([999, 1000, 1001, 1002, 4000].filter(endsSession)).toEqual([1000, 1001]);
});

describe('the flat state', () => {
  test.each([
    ['disconnected', 'disconnected'],
    ['restoring', 'connecting'],
    [{ online: { session: { connecting: 'opening' }, heartbeat: 'idle' } }, 'connecting'],
    [{ online: { session: { identifying: 'queued' }, heartbeat: { beating: 'acknowledged' } } }, 'identifying'],
    [{ online: { session: 'resuming', heartbeat: { beating: 'acknowledged' } } }, 'resuming'],
    [{ online: { session: 'ready', heartbeat: { beating: 'acknowledged' } } }, 'ready'],
    [{ disconnecting: 'closing' }, 'disconnecting'],
    ['zombie', 'zombie'],
    ['reconnecting', 'reconnecting'],
    ['failed', 'failed'],
  ])('of %j is %s', (value, word) => {
    expect(shardState(value)).toBe(word);
  });
});

test('a machine without its actors says which one is missing', () => {
  const actor = createActor(shardMachine, {
    input: { shardId: 0, shardCount: 1, shouldReconnect: true, session: null, timing: DEFAULT_TIMING },
  });
  const errors: unknown[] = [];
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start().send({ type: 'shard.connect' });
  expect(errors).toEqual([new Error('provide the "loadSession" actor')]);
});
