import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMING, NO_LOSSES } from '../../machines/index.ts';
import { HELLO, KEEP, RunningShard, SHARDS } from './running-shard.ts';
import { INTERVAL_MS, OTHER, SESSION } from './shard-events.ts';
import type { Effect } from './running-shard.ts';

const OPENED = { type: 'socket.opened' } as const;
const heartbeatEffect = (at: number, scheduled = true): Effect => [at, 'heartbeat', { scheduled }];
const effectNames = (effects: Effect[]): string[] => effects.map(([, name]) => name);

describe('shard machine: a new session', () => {
  test('the shard waits for HELLO, then for a permit, then identifies', () => {
    const shard = new RunningShard().send(
      { type: 'shard.connect' },
      { type: 'session.loaded', session: null },
      OPENED,
      HELLO,
    );
    const beforePermit = shard.consumeEffects();
    shard.send({ type: 'identify.granted' }, { type: 'gateway.ready', session: SESSION });
    expect(beforePermit).toEqual([
      [0, 'loadSession', { shardId: 7 }],
      [0, 'socket', { connectionId: 1, resumeUrl: null }],
      [0, 'connected'],
      [0, 'hello', { heartbeatIntervalMs: INTERVAL_MS }],
      [0, 'identifyPermit', { shardId: 7 }],
    ]);
    expect(shard.consumeEffects()).toEqual([[0, 'identify']]);
    expect(shard.context.session).toEqual(SESSION);
  });

  test.each([
    ['before the permit', 'queued'],
    ['after IDENTIFY', 'awaitingReady'],
    ['instead of RESUMED', 'resuming'],
  ] as const)('starts with READY %s', (_, state) => {
    const shard = SHARDS[state]().clearEffects().send({ type: 'gateway.ready', session: OTHER });
    expect(shard.state).toEqual({ online: { session: 'ready', heartbeat: 'jitter' } });
    expect(shard.consumeEffects()).toEqual([]);
    expect(shard.context.session).toEqual(OTHER);
    expect(shard.context.readyCount).toBe(1);
  });

  test('READY of another session replaces the session of a ready shard', () => {
    const shard = SHARDS.ready().clearEffects().send({ type: 'gateway.ready', session: OTHER });
    expect(shard.context.session).toEqual(OTHER);
    expect(shard.consumeEffects()).toEqual([]);
  });

  test('emits reconnected with resumed false if it is not the first', () => {
    const shard = SHARDS.ready()
      .send({ type: 'gateway.invalidSession', resumable: false })
      .wait(3_000)
      .send(OPENED, HELLO)
      .clearEffects();
    shard.send({ type: 'identify.granted' }, { type: 'gateway.ready', session: OTHER });
    expect(shard.consumeEffects()).toEqual([
      [0, 'identify'],
      [0, 'reconnected', { resumed: false }],
    ]);
  });
});

describe('shard machine: an existing session', () => {
  test('is resumed on its resume URL right after HELLO', () => {
    const shard = SHARDS.restoring().send({ type: 'session.loaded', session: OTHER }, OPENED, HELLO, {
      type: 'gateway.resumed',
    });
    expect(shard.consumeEffects()).toEqual([
      [0, 'loadSession', { shardId: 7 }],
      [0, 'socket', { connectionId: 1, resumeUrl: OTHER.resumeUrl }],
      [0, 'connected'],
      [0, 'hello', { heartbeatIntervalMs: INTERVAL_MS }],
      [0, 'resume'],
    ]);
    expect(shard.state).toEqual({ online: { session: 'ready', heartbeat: 'jitter' } });
    expect(shard.context.readyCount).toBe(1);
  });

  test('emits reconnected with resumed true if the shard was ready before', () => {
    const shard = SHARDS.ready()
      .send({ type: 'gateway.reconnect' })
      .wait(125)
      .send(OPENED, HELLO)
      .clearEffects()
      .send({ type: 'gateway.resumed' });
    expect(shard.consumeEffects()).toEqual([[0, 'reconnected', { resumed: true }]]);
    expect(shard.context.readyCount).toBe(2);
  });

  test('a store that takes longer than 10 s is a fault, and the shard connects without a session', () => {
    const shard = SHARDS.restoring({ session: null }).clearEffects().wait(9_999);
    const before = shard.state;
    shard.wait(1);
    expect(before).toBe('restoring');
    expect(shard.consumeEffects()).toEqual([
      [
        10_000,
        'fault',
        {
          code: 'SESSION_STORE_FAILED',
          closeCode: null,
          reason: 'the session store did not answer within connectTimeoutMs',
          cause: undefined,
        },
      ],
      [10_000, 'socket', { connectionId: 1, resumeUrl: null }],
    ]);
  });

  test('a store that fails is a fault, and the shard connects without a session', () => {
    const cause = new Error('EACCES');
    const shard = SHARDS.restoring({ session: null })
      .clearEffects()
      .send({ type: 'session.unavailable', reason: 'no disk', cause });
    expect(shard.consumeEffects()).toEqual([
      [0, 'fault', { code: 'SESSION_STORE_FAILED', closeCode: null, reason: 'no disk', cause }],
      [0, 'socket', { connectionId: 1, resumeUrl: null }],
    ]);
  });
});

describe('shard machine: heartbeats', () => {
  test('the first is sent after a random part of the interval, the others every interval', () => {
    const shard = SHARDS.ready()
      .clearEffects()
      .wait(INTERVAL_MS * 3);
    expect(shard.consumeEffects()).toEqual([
      heartbeatEffect(20_000),
      heartbeatEffect(60_000),
      heartbeatEffect(100_000),
    ]);
  });

  test.each([
    ['before the first heartbeat', 0],
    ['between two heartbeats', 30_000],
  ])('a request %s is answered at once and keeps the schedule', (_, at) => {
    const shard = SHARDS.ready()
      .wait(at)
      .clearEffects()
      .send({ type: 'gateway.heartbeatRequest' })
      .wait(70_000 - at);
    expect(shard.consumeEffects()).toEqual([
      heartbeatEffect(0, false),
      ...[20_000, 60_000].filter((due) => due > at).map((due) => heartbeatEffect(due - at)),
    ]);
  });

  test('without an ACK by the time of the next, the shard reads for 1 s, then is a zombie for 250 ms', () => {
    const shard = SHARDS.ready().clearEffects();
    shard.answersHeartbeats = false;
    shard.wait(60_999);
    const before = shard.state;
    shard.wait(1);
    const zombie = shard.state;
    shard.wait(249);
    const stillZombie = shard.state;
    shard.wait(1 + 125);
    expect(before).toEqual({ online: { session: 'ready', heartbeat: 'overdue' } });
    expect(zombie).toBe('zombie');
    expect(stillZombie).toBe('zombie');
    const terminate = {
      connectionId: 1,
      closeWith: null,
      reason: 'a heartbeat was not acknowledged before the next was due',
    };
    expect(shard.consumeEffects()).toEqual([
      heartbeatEffect(20_000),
      [60_000, 'flushReads'],
      [61_000, 'closeSocket', terminate],
      [
        61_250,
        'disconnected',
        { code: null, reason: terminate.reason, initiator: 'shard', willReconnect: true, willResume: true },
      ],
      [61_250, 'closeSocket', terminate],
      [61_375, 'socket', { connectionId: 2, resumeUrl: SESSION.resumeUrl }],
    ]);
  });

  test('when nothing is left to read, the shard terminates the socket at once and reconnects when it is closed', () => {
    const shard = SHARDS.overdue()
      .clearEffects()
      .send({ type: 'socket.readsFlushed' }, { type: 'socket.closeCompleted' });
    const terminate = {
      connectionId: 1,
      closeWith: null,
      reason: 'a heartbeat was not acknowledged before the next was due',
    };
    expect(shard.state).toBe('reconnecting');
    expect(shard.consumeEffects()).toEqual([
      [0, 'closeSocket', terminate],
      [
        0,
        'disconnected',
        { code: null, reason: terminate.reason, initiator: 'shard', willReconnect: true, willResume: true },
      ],
      [0, 'closeSocket', terminate],
    ]);
  });

  test.each([
    ['the socket is closed', (shard: RunningShard) => shard.send({ type: 'socket.closeCompleted' })],
    ['250 ms have passed', (shard: RunningShard) => shard.wait(250)],
  ] as const)('with shouldReconnect false a zombie disconnects when %s', (_, end) => {
    expect(end(SHARDS.zombie({ shouldReconnect: false })).state).toEqual({ disconnecting: 'closing' });
  });

  test('when the unread data has the ACK, the shard sends a heartbeat at once and continues', () => {
    const shard = SHARDS.overdue().clearEffects();
    shard.answersHeartbeats = true;
    shard.send({ type: 'gateway.heartbeatAck' }).wait(INTERVAL_MS);
    expect(shard.state).toEqual({ online: { session: 'ready', heartbeat: { beating: 'acknowledged' } } });
    expect(shard.consumeEffects()).toEqual([heartbeatEffect(0), heartbeatEffect(INTERVAL_MS)]);
  });

  test('a zombie ignores what the gateway still sends', () => {
    const shard = SHARDS.zombie().clearEffects().send({ type: 'gateway.heartbeatAck' }, { type: 'gateway.reconnect' });
    expect(shard.state).toBe('zombie');
    expect(shard.consumeEffects()).toEqual([]);
  });

  test.each([50, 86_400_000])('an interval of %i ms is valid', (heartbeatIntervalMs) => {
    const shard = SHARDS.awaitingHello()
      .send({ ...HELLO, heartbeatIntervalMs }, { type: 'gateway.resumed' })
      .clearEffects()
      .wait(heartbeatIntervalMs / 2);
    expect(shard.consumeEffects()).toEqual([heartbeatEffect(heartbeatIntervalMs / 2)]);
    expect(shard.context.heartbeatIntervalMs).toEqual(heartbeatIntervalMs);
  });

  test.each([49, 86_400_001, Number.NaN])(
    'an interval of %i ms is a fault, and the shard reconnects',
    (heartbeatIntervalMs) => {
      const shard = SHARDS.awaitingHello()
        .clearEffects()
        .send({ ...HELLO, heartbeatIntervalMs });
      expect(shard.state).toBe('reconnecting');
      expect(effectNames(shard.consumeEffects())).toEqual(['fault', 'disconnected', 'closeSocket']);
    },
  );
});

describe('shard machine: waits', () => {
  test.each([
    ['opening', 10_000],
    ['awaitingHello', 15_000],
    ['resuming', 30_000],
    ['awaitingReady', 300_000],
    ['zombie', 250],
    ['reconnecting', 125],
  ] as const)('in %s the shard waits exactly %i ms', (name, ms) => {
    const shard = SHARDS[name]();
    const [before, { connectionId }] = [JSON.stringify(shard.state), shard.context];
    const place = before.replace(/,"heartbeat.*/, '');
    shard.wait(ms - 1);
    const still = JSON.stringify(shard.state).startsWith(place);
    shard.wait(1);
    expect(still).toBe(true);
    expect(JSON.stringify(shard.state).startsWith(place) && shard.context.connectionId === connectionId).toBe(false);
  });

  test('the shard waits for a permit without a deadline', () => {
    const shard = SHARDS.queued().clearEffects().wait(86_400_000);
    expect(shard.state).toEqual({
      online: { session: { identifying: 'queued' }, heartbeat: { beating: 'acknowledged' } },
    });
    expect(new Set(effectNames(shard.consumeEffects()))).toEqual(new Set(['heartbeat']));
  });
});

/** A shard that waited once in vain for READY, and resumes a session given by resume(). */
const resumingAfterReadyTimeout = (): RunningShard =>
  SHARDS.awaitingReady().wait(300_000).send({ type: 'shard.resume', session: OTHER }).wait(125).send(OPENED, HELLO);

describe('shard machine: further attempts', () => {
  test('the backoff doubles with each attempt, up to a minute', () => {
    const shard = SHARDS.opening().clearEffects();
    const pauses = Array.from({ length: 12 }, () =>
      shard.send({ type: 'socket.failed', reason: 'ECONNREFUSED' }).runUntil('socket'),
    );
    expect(pauses).toEqual([125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  test('while unreachable the shard tries the resume URL and the main URL in turn', () => {
    const shard = SHARDS.opening();
    const hosts = Array.from({ length: 4 }, () => {
      shard.send({ type: 'socket.failed', reason: 'ECONNREFUSED' }).clearEffects().wait(1_000);
      return shard.consumeEffects().find(([, name]) => name === 'socket')?.[2];
    });
    expect(hosts).toEqual([
      { connectionId: 2, resumeUrl: null },
      { connectionId: 3, resumeUrl: SESSION.resumeUrl },
      { connectionId: 4, resumeUrl: null },
      { connectionId: 5, resumeUrl: SESSION.resumeUrl },
    ]);
  });

  test('after HELLO on the main URL the next connection uses the resume URL again', () => {
    const shard = SHARDS.opening()
      .send({ type: 'socket.failed', reason: 'ECONNREFUSED' })
      .wait(125)
      .send(OPENED, HELLO);
    shard.send({ type: 'gateway.resumed' }, { type: 'gateway.reconnect' }).clearEffects().wait(125);
    expect(shard.consumeEffects()).toEqual([[125, 'socket', { connectionId: 3, resumeUrl: SESSION.resumeUrl }]]);
    expect(shard.context.unreachableCount).toBe(0);
  });

  test('the backoff starts from the beginning after the shard was ready for 30 s', () => {
    const once = SHARDS.ready()
      .send({ type: 'gateway.reconnect' })
      .wait(125)
      .send(OPENED, HELLO, { type: 'gateway.resumed' });
    const early = once.wait(29_999).context.lossCounts;
    expect(early).toEqual({ ...NO_LOSSES, shortLived: 1 });
    expect(once.wait(1).context.lossCounts).toEqual(NO_LOSSES);
  });

  test('after four failed resumes in a row the shard discards its session and emits one fault', () => {
    const shard = SHARDS.resuming();
    for (let failed = 1; failed < 4; failed += 1)
      shard.send({ type: 'gateway.reconnect' }).wait(10_000).send(OPENED, HELLO);
    const before = [shard.context.failedResumes, shard.context.session];
    shard.clearEffects().send({ type: 'gateway.reconnect' });
    expect(before).toEqual([3, SESSION]);
    expect(shard.context.failedResumes).toBe(0);
    expect(shard.context.session).toBeNull();
    expect(shard.consumeEffects().slice(0, 2)).toEqual([
      [
        0,
        'fault',
        { code: 'RESUMES_EXHAUSTED', reason: '4 resumes failed in a row', closeCode: null, cause: undefined },
      ],
      [
        0,
        'disconnected',
        {
          code: 4000,
          reason: 'the gateway asked for a reconnect',
          initiator: 'gateway',
          willReconnect: true,
          willResume: false,
        },
      ],
    ]);
  });

  test.each([
    ['a RESUMED', { type: 'gateway.resumed' }],
    ['a READY', { type: 'gateway.ready', session: OTHER }],
    ['resume() with another session', { type: 'shard.resume', session: OTHER }],
    ['the end of the session', { type: 'gateway.invalidSession', resumable: false }],
  ] as const)('%s resets the count of failed resumes', (_, event) => {
    const shard = SHARDS.resuming().send({ type: 'gateway.reconnect' }).wait(10_000).send(OPENED, HELLO);
    expect(shard.context.failedResumes).toBe(1);
    expect(shard.send(event).context.failedResumes).toBe(0);
  });

  test('the wait for READY doubles each time, up to 6 h', () => {
    const shard = SHARDS.awaitingReady().clearEffects();
    const patience = Array.from({ length: 9 }, () => {
      const waitedMs = shard.runUntil('fault');
      shard.runUntil('socket');
      shard.send(OPENED, HELLO, { type: 'identify.granted' }).clearEffects();
      return waitedMs / 60_000;
    });
    expect(patience).toEqual([5, 10, 20, 40, 80, 160, 320, 360, 360]);
  });

  test.each([
    ['a READY', [{ type: 'gateway.ready', session: SESSION }]],
    ['a RESUMED', [{ type: 'gateway.resumed' }]],
    ['disconnect() and connect()', [KEEP, { type: 'socket.closeCompleted' }, { type: 'shard.connect' }]],
  ] as const)('%s resets the wait for READY', (__, events) => {
    expect(resumingAfterReadyTimeout().context.readyTimeouts).toBe(1);
    expect(resumingAfterReadyTimeout().send(...events).context.readyTimeouts).toBe(0);
  });

  test('after resume() the shard tries the resume URL of the given session first', () => {
    const shard = SHARDS.opening()
      .send({ type: 'socket.failed', reason: 'ECONNREFUSED' }, { type: 'shard.resume', session: OTHER })
      .clearEffects()
      .wait(125);
    expect(shard.consumeEffects()).toEqual([[125, 'socket', { connectionId: 2, resumeUrl: OTHER.resumeUrl }]]);
  });

  test('repeated Invalid Session makes the waits longer, never shorter', () => {
    const shard = SHARDS.ready().clearEffects();
    const waits = Array.from({ length: 8 }, () => {
      const waitedMs = shard.send({ type: 'gateway.invalidSession', resumable: true }).runUntil('socket');
      shard.send(OPENED, HELLO, { type: 'gateway.resumed' }).clearEffects();
      return waitedMs;
    });
    expect(waits).toEqual([3_000, 3_000, 3_000, 3_000, 3_000, 6_000, 12_000, 24_000]);
  });
});

test('DEFAULT_TIMING has the documented defaults', () => {
  expect(DEFAULT_TIMING).toEqual({
    connectTimeoutMs: 10_000,
    claimTimeoutMs: 30_000,
    helloTimeoutMs: 15_000,
    resumedTimeoutMs: 30_000,
    readyPatienceMs: 300_000,
    closeTimeoutMs: 5_000,
    stableAfterMs: 30_000,
    backoffBaseMs: 500,
    backoffCapMs: 60_000,
    invalidSessionWaitMs: [1_000, 5_000],
    maxResumeAttempts: 4,
    maxDispatchSilenceMs: null,
    slowListenerMs: 250,
    slowHandlerMs: 30_000,
  });
});
