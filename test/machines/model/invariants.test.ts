/** Checks the invariants in every reachable state, and that each invariant notices a broken chart. */
import { beforeAll, describe, expect, test } from 'vitest';
import { BROKEN_CHARTS } from './broken-charts.ts';
import { INVARIANTS, explore } from './chart-invariants.ts';
import type { Explored } from './chart-invariants.ts';
import { DEFAULT_INPUT, model } from './shard-model.ts';

/** A busy machine needs time for thousands of transitions. */
const TIMEOUT_MS = 60_000;

describe('shard machine: in every reachable state', { timeout: TIMEOUT_MS }, () => {
  let explored: Explored;
  beforeAll(() => {
    explored = explore(model);
  }, TIMEOUT_MS);

  test.each(Object.entries(INVARIANTS))('%s', (_, violations) => {
    expect(violations(explored)).toEqual([]);
  });
});

/** For each broken chart: the invariants that notice, with the start of their first message. */
const EXPECTED_VIOLATIONS = {
  'zombie waits for its socket without a deadline': [
    ['every state except disconnected, ready and failed has a deadline', '"zombie" has no deadline'],
  ],
  'the first heartbeat is never sent': [
    [
      'from HELLO on a heartbeat is always scheduled',
      '{"online":{"session":"resuming","heartbeat":"jitter"}} has no next heartbeat',
    ],
  ],
  'RESUME is sent without a session': [
    ['a resuming shard has a session', '{"online":{"session":"resuming","heartbeat":"jitter"}}'],
    [
      'RESUME is never sent without a session',
      'gateway.hello in {"online":{"session":{"connecting":"opening"},"heartbeat":"idle"}} resumes',
    ],
  ],
  'ready opens a second socket': [
    ['a shard never has two sockets', '{"online":{"session":"ready","heartbeat":"jitter"}}'],
  ],
  'the socket outlives its state': [['a shard has a socket in online and in no other state', '"reconnecting"']],
  'IDENTIFY does not wait for its permit': [
    [
      'IDENTIFY is sent only in the step that grants a permit',
      'gateway.hello in {"online":{"session":{"connecting":"opening"},"heartbeat":"idle"}} identifies',
    ],
  ],
  'a guard throws': [
    [
      'no event, valid or malformed, breaks the machine',
      'socket.closed in {"online":{"session":{"connecting":"opening"},"heartbeat":"idle"}}: Error: Unable to evaluate guard',
    ],
  ],
  'reconnectRequested has no way out': [
    ['every state has a way to ready', '{"disconnecting":"closing"} never reaches ready'],
    ['every state except failed has a way to disconnected', '{"disconnecting":"closing"} never reaches disconnected'],
  ],
  'reconnecting has no deadline': [
    [
      'without commands, a shard that may reconnect has a way to ready',
      '"reconnecting" never reaches ready without commands',
    ],
  ],
  'no close code is fatal': [
    [
      'a fatal close code leads to failed from every online state',
      '4004 in {"online":{"session":{"connecting":"opening"},"heartbeat":"idle"}} leads to {"disconnecting":"closing"}',
    ],
  ],
  'a reconnect closes with 1000': [
    [
      'only op 9 false and a disconnect() that discards the session close with 1000 or 1001',
      'shard.resume in {"online":{"session":{"connecting":"opening"},"heartbeat":"idle"}} closes with 1000',
    ],
  ],
  'reconnecting handles events of the old socket': [
    ['outside online only the end of the socket is handled', 'socket.closed is handled in "reconnecting"'],
  ],
} as const satisfies Record<keyof typeof BROKEN_CHARTS, readonly (readonly [keyof typeof INVARIANTS, string])[]>;

describe('the invariants notice that', () => {
  test.each(Object.entries(EXPECTED_VIOLATIONS))('%s', (flaw, violations) => {
    const explored = explore(BROKEN_CHARTS[flaw as keyof typeof BROKEN_CHARTS], [DEFAULT_INPUT]);
    for (const [name, message] of violations) expect(INVARIANTS[name](explored)[0]).toContain(message);
  });

  test('each invariant is violated by a broken chart', () => {
    const violated = Object.values(EXPECTED_VIOLATIONS).flatMap((violations) => violations.map(([name]) => name));
    expect(new Set(violated)).toEqual(new Set(Object.keys(INVARIANTS)));
  });
});
