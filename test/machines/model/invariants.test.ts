import { beforeAll, describe, expect, it } from 'vitest';
import { BROKEN_CHARTS } from './broken-charts.ts';
import { INVARIANTS, explore } from './chart-invariants.ts';
import type { Explored } from './chart-invariants.ts';
import { DEFAULT_INPUT, model } from './shard-model.ts';

/** Nothing here waits, but thousands of transitions take a busy machine its time. */
const BUSY_MS = 60_000;

describe('whatever happens to a shard, in any order', { timeout: BUSY_MS }, () => {
  let explored: Explored;
  beforeAll(() => {
    explored = explore(model);
  }, BUSY_MS);

  it.each(Object.entries(INVARIANTS))('%s', (_, violations) => {
    expect(violations(explored)).toEqual([]);
  });
});

/** For each broken chart the invariants that notice, with the first thing they say. */
const EXPECTED_VIOLATIONS = {
  'zombie waits for its socket without end': [
    ['every state but disconnected, ready and failed has a deadline', '"zombie" has no deadline'],
  ],
  'the first beat is never sent': [
    [
      'the heart beats, or is about to, from HELLO on',
      '{"online":{"session":"resuming","heartbeat":"jitter"}} has no next beat',
    ],
  ],
  'RESUME goes out with no session': [
    ['who resumes has a session', '{"online":{"session":"resuming","heartbeat":"jitter"}}'],
    [
      'no RESUME goes out without a session',
      'gateway.hello in {"online":{"session":{"connecting":"opening"},"heartbeat":"idle"}} resumes',
    ],
  ],
  'ready opens a second socket': [
    ['there are never two sockets', '{"online":{"session":"ready","heartbeat":"jitter"}}'],
  ],
  'the socket outlives its state': [['there is a socket just while online', '"reconnecting"']],
  'IDENTIFY does not wait for its permit': [
    [
      'no IDENTIFY goes out but in the very step that grants a permit',
      'gateway.hello in {"online":{"session":{"connecting":"opening"},"heartbeat":"idle"}} identifies',
    ],
  ],
  'a guard throws': [
    [
      'nothing that may happen, sane or not, breaks the machine',
      'socket.closed in {"online":{"session":{"connecting":"opening"},"heartbeat":"idle"}}: Error: Unable to evaluate guard',
    ],
  ],
  'whoever is about to return stays where it is': [
    ['there is a way to ready from every state', '{"disconnecting":"closing"} never comes to ready'],
    [
      'there is a way to disconnected from every state but failed',
      '{"disconnecting":"closing"} never comes to disconnected',
    ],
  ],
  'the pause between two connections never ends': [
    ['left alone, a shard that may reconnect finds its way to ready', '"reconnecting" never comes to ready by itself'],
  ],
  'nothing is fatal': [
    [
      'a fatal close code leads to failed from every online state',
      '4004 in {"online":{"session":{"connecting":"opening"},"heartbeat":"idle"}} leads to {"disconnecting":"closing"}',
    ],
  ],
  'a reconnection ends the session': [
    [
      'only op 9 false and a user who gives the session up close with 1000 or 1001',
      'shard.resume in {"online":{"session":{"connecting":"opening"},"heartbeat":"idle"}} closes with 1000',
    ],
  ],
  'a socket is listened to after it was given up': [
    ['what comes from a socket is only obeyed online, but for its end', 'socket.closed is obeyed in "reconnecting"'],
  ],
} as const satisfies Record<keyof typeof BROKEN_CHARTS, readonly (readonly [keyof typeof INVARIANTS, string])[]>;

describe('the invariants notice when', () => {
  it.each(Object.entries(EXPECTED_VIOLATIONS))('%s', (flaw, catches) => {
    const explored = explore(BROKEN_CHARTS[flaw as keyof typeof BROKEN_CHARTS], [DEFAULT_INPUT]);
    for (const [name, words] of catches) expect(INVARIANTS[name](explored)[0]).toContain(words);
  });

  it('any of them is broken: each has a chart that breaks it', () => {
    const caught = Object.values(EXPECTED_VIOLATIONS).flatMap((catches) => catches.map(([name]) => name));
    expect(new Set(caught)).toEqual(new Set(Object.keys(INVARIANTS)));
  });
});
