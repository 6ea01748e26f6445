import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMING } from '../../machines/index.ts';
import { HELLO, KEEP, RunningShard, SHARDS } from './running-shard.ts';
import { INTERVAL_MS, OTHER, SESSION } from './shard-events.ts';
import type { Effect } from './running-shard.ts';

const OPENED = { type: 'socket.opened' } as const;
const heartbeatEffect = (at: number, scheduled = true): Effect => [at, 'heartbeat', { scheduled }];
const effectNames = (effects: Effect[]): string[] => effects.map(([, name]) => name);

describe('a new session', () => {
  test('waits for HELLO, then for a permit, and identifies once it is granted', () => {
    const shard = new RunningShard().send(
      { type: 'shard.connect' },
      { type: 'session.loaded', session: null },
      OPENED,
      HELLO,
    );
    const asked = shard.consumeEffects();
    shard.send({ type: 'identify.granted' }, { type: 'gateway.ready', session: SESSION });
    expect([asked, shard.consumeEffects(), shard.context.session]).toEqual([
      [
        [0, 'loadSession', { shardId: 7 }],
        [0, 'socket', { connectionId: 1, resumeUrl: null }],
        [0, 'connected'],
        [0, 'hello', { heartbeatIntervalMs: INTERVAL_MS }],
        [0, 'identifyPermit', { shardId: 7 }],
      ],
      [[0, 'identify']],
      SESSION,
    ]);
  });

  test.each([
    ['before the permit', 'queued'],
    ['after IDENTIFY', 'awaitingReady'],
    ['instead of RESUMED', 'resuming'],
  ] as const)('begins with a READY %s', (_, state) => {
    const shard = SHARDS[state]().clearEffects().send({ type: 'gateway.ready', session: OTHER });
    expect([shard.state, shard.consumeEffects(), shard.context.session, shard.context.readyCount]).toEqual([
      { online: { session: 'ready', heartbeat: 'jitter' } },
      [],
      OTHER,
      1,
    ]);
  });

  test('replaces another that is ready', () => {
    const shard = SHARDS.ready().clearEffects().send({ type: 'gateway.ready', session: OTHER });
    expect([shard.context.session, shard.consumeEffects()]).toEqual([OTHER, []]);
  });

  test('is told of as a reconnection that resumed nothing, if it is not the first', () => {
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

describe('a session that is there', () => {
  test('is resumed on its own host right after HELLO', () => {
    const shard = SHARDS.restoring().send({ type: 'session.loaded', session: OTHER }, OPENED, HELLO, {
      type: 'gateway.resumed',
    });
    expect([shard.consumeEffects(), shard.state, shard.context.readyCount]).toEqual([
      [
        [0, 'loadSession', { shardId: 7 }],
        [0, 'socket', { connectionId: 1, resumeUrl: OTHER.resumeUrl }],
        [0, 'connected'],
        [0, 'hello', { heartbeatIntervalMs: INTERVAL_MS }],
        [0, 'resume'],
      ],
      { online: { session: 'ready', heartbeat: 'jitter' } },
      1,
    ]);
  });

  test('is told of as a reconnection that resumed, if it is not the first', () => {
    const shard = SHARDS.ready()
      .send({ type: 'gateway.reconnect' })
      .wait(125)
      .send(OPENED, HELLO)
      .clearEffects()
      .send({ type: 'gateway.resumed' });
    expect([shard.consumeEffects(), shard.context.readyCount]).toEqual([[[0, 'reconnected', { resumed: true }]], 2]);
  });

  test('that is not found in 10 s is not waited for, and the store is a fault', () => {
    const shard = SHARDS.restoring({ session: null }).clearEffects().wait(9_999);
    const before = shard.state;
    shard.wait(1);
    expect([before, shard.consumeEffects()]).toEqual([
      'restoring',
      [
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
      ],
    ]);
  });

  test('that can not be read is done without, and the store is a fault', () => {
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

describe('the heart', () => {
  test('beats first at the place the dice say, then every interval', () => {
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
    ['before the first beat', 0],
    ['between two beats', 30_000],
  ])('beats when asked to %s, and keeps its schedule', (_, at) => {
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

  test('reads what is there for 1 s when a beat is unanswered by the time of the next, then gives the peer up', () => {
    const shard = SHARDS.ready().clearEffects();
    shard.answersHeartbeats = false;
    shard.wait(60_999);
    const before = shard.state;
    shard.wait(1);
    const zombie = shard.state;
    shard.wait(249);
    const still = shard.state;
    shard.wait(1 + 125);
    expect([before, zombie, still]).toEqual([
      { online: { session: 'ready', heartbeat: 'overdue' } },
      'zombie',
      'zombie',
    ]);
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

  test('gives the peer up at once when nothing is left to read, and goes on when it is gone', () => {
    const shard = SHARDS.overdue()
      .clearEffects()
      .send({ type: 'socket.readsFlushed' }, { type: 'socket.closeCompleted' });
    const terminate = {
      connectionId: 1,
      closeWith: null,
      reason: 'a heartbeat was not acknowledged before the next was due',
    };
    expect([shard.state, shard.consumeEffects()]).toEqual([
      'reconnecting',
      [
        [0, 'closeSocket', terminate],
        [
          0,
          'disconnected',
          { code: null, reason: terminate.reason, initiator: 'shard', willReconnect: true, willResume: true },
        ],
        [0, 'closeSocket', terminate],
      ],
    ]);
  });

  test.each([
    ['the socket is gone', (shard: RunningShard) => shard.send({ type: 'socket.closeCompleted' })],
    ['it was not heard of for 250 ms', (shard: RunningShard) => shard.wait(250)],
  ] as const)('is not followed by another connection when %s, if the shard shall not reconnect', (_, end) => {
    expect(end(SHARDS.zombie({ shouldReconnect: false })).state).toEqual({ disconnecting: 'closing' });
  });

  test('beats at once, and on, when what was left to read has the answer', () => {
    const shard = SHARDS.overdue().clearEffects();
    shard.answersHeartbeats = true;
    shard.send({ type: 'gateway.heartbeatAck' }).wait(INTERVAL_MS);
    expect([shard.state, shard.consumeEffects()]).toEqual([
      { online: { session: 'ready', heartbeat: { beating: 'acknowledged' } } },
      [heartbeatEffect(0), heartbeatEffect(INTERVAL_MS)],
    ]);
  });

  test('says nothing of a peer it can not reach once it was given up', () => {
    const shard = SHARDS.zombie().clearEffects().send({ type: 'gateway.heartbeatAck' }, { type: 'gateway.reconnect' });
    expect([shard.state, shard.consumeEffects()]).toEqual(['zombie', []]);
  });

  test.each([50, 86_400_000])('takes an interval of %i ms', (heartbeatIntervalMs) => {
    const shard = SHARDS.awaitingHello()
      .send({ ...HELLO, heartbeatIntervalMs }, { type: 'gateway.resumed' })
      .clearEffects()
      .wait(heartbeatIntervalMs / 2);
    expect([shard.consumeEffects(), shard.context.heartbeatIntervalMs]).toEqual([
      [heartbeatEffect(heartbeatIntervalMs / 2)],
      heartbeatIntervalMs,
    ]);
  });

  test.each([49, 86_400_001, Number.NaN])('takes no interval of %i ms', (heartbeatIntervalMs) => {
    const shard = SHARDS.awaitingHello()
      .clearEffects()
      .send({ ...HELLO, heartbeatIntervalMs });
    expect([shard.state, effectNames(shard.consumeEffects())]).toEqual([
      'reconnecting',
      ['fault', 'disconnected', 'closeSocket'],
    ]);
  });
});

describe('a shard that waits', () => {
  test.each([
    ['opening', 10_000],
    ['awaitingHello', 15_000],
    ['resuming', 30_000],
    ['awaitingReady', 300_000],
    ['zombie', 250],
    ['reconnecting', 125],
  ] as const)('in %s does so for %i ms, and no longer', (name, ms) => {
    const shard = SHARDS[name]();
    const [before, { connectionId }] = [JSON.stringify(shard.state), shard.context];
    const place = before.replace(/,"heartbeat.*/, '');
    shard.wait(ms - 1);
    const still = JSON.stringify(shard.state).startsWith(place);
    shard.wait(1);
    expect([
      still,
      JSON.stringify(shard.state).startsWith(place) && shard.context.connectionId === connectionId,
    ]).toEqual([true, false]);
  });

  test('for a permit does so as long as it takes', () => {
    const shard = SHARDS.queued().clearEffects().wait(86_400_000);
    expect([shard.state, new Set(effectNames(shard.consumeEffects()))]).toEqual([
      { online: { session: { identifying: 'queued' }, heartbeat: { beating: 'acknowledged' } } },
      new Set(['heartbeat']),
    ]);
  });
});

/** One READY has not come, and a session is being resumed that a user has handed over. */
const resumingAfterReadyTimeout = (): RunningShard =>
  SHARDS.awaitingReady().wait(300_000).send({ type: 'shard.resume', session: OTHER }).wait(125).send(OPENED, HELLO);

describe('a shard that tries again', () => {
  test('waits twice as long each time, up to a minute', () => {
    const shard = SHARDS.opening().clearEffects();
    const pauses = Array.from({ length: 12 }, () =>
      shard.send({ type: 'socket.failed', reason: 'ECONNREFUSED' }).runUntil('socket'),
    );
    expect(pauses).toEqual([125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  test('goes to the host of the session and to the main one in turn', () => {
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

  test('goes to the host of the session again once the main one has said HELLO', () => {
    const shard = SHARDS.opening()
      .send({ type: 'socket.failed', reason: 'ECONNREFUSED' })
      .wait(125)
      .send(OPENED, HELLO);
    shard.send({ type: 'gateway.resumed' }, { type: 'gateway.reconnect' }).clearEffects().wait(250);
    expect([shard.consumeEffects(), shard.context.unreachableCount]).toEqual([
      [[250, 'socket', { connectionId: 3, resumeUrl: SESSION.resumeUrl }]],
      0,
    ]);
  });

  test('forgets how often it did so after 30 s of a connection that lives', () => {
    const once = SHARDS.ready()
      .send({ type: 'gateway.reconnect' })
      .wait(125)
      .send(OPENED, HELLO, { type: 'gateway.resumed' });
    const early = once.wait(29_999).context.attempt;
    expect([early, once.wait(1).context.attempt]).toEqual([1, 0]);
  });

  test('gives a session up after four resumes in a row that failed, and says so once', () => {
    const shard = SHARDS.resuming();
    for (let failed = 1; failed < 4; failed += 1)
      shard.send({ type: 'gateway.reconnect' }).wait(10_000).send(OPENED, HELLO);
    const before = [shard.context.failedResumes, shard.context.session];
    shard.clearEffects().send({ type: 'gateway.reconnect' });
    expect([before, shard.context.failedResumes, shard.context.session, shard.consumeEffects().slice(0, 2)]).toEqual([
      [3, SESSION],
      0,
      null,
      [
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
      ],
    ]);
  });

  test.each([
    ['a RESUMED', { type: 'gateway.resumed' }],
    ['a READY', { type: 'gateway.ready', session: OTHER }],
    ['another session', { type: 'shard.resume', session: OTHER }],
    ['a session that is over', { type: 'gateway.invalidSession', resumable: false }],
  ] as const)('counts failed resumes anew after %s', (_, event) => {
    const shard = SHARDS.resuming().send({ type: 'gateway.reconnect' }).wait(10_000).send(OPENED, HELLO);
    expect([shard.context.failedResumes, shard.send(event).context.failedResumes]).toEqual([1, 0]);
  });

  test('waits twice as long for READY each time, up to 6 h', () => {
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
    ['a user who begins anew', [KEEP, { type: 'socket.closeCompleted' }, { type: 'shard.connect' }]],
  ] as const)('waits for READY as at first after %s', (__, events) => {
    expect([
      resumingAfterReadyTimeout().context.readyTimeouts,
      resumingAfterReadyTimeout().send(...events).context.readyTimeouts,
    ]).toEqual([1, 0]);
  });

  test('goes to the host of a session that is handed over, whatever could be reached before', () => {
    const shard = SHARDS.opening()
      .send({ type: 'socket.failed', reason: 'ECONNREFUSED' }, { type: 'shard.resume', session: OTHER })
      .clearEffects()
      .wait(125);
    expect(shard.consumeEffects()).toEqual([[125, 'socket', { connectionId: 2, resumeUrl: OTHER.resumeUrl }]]);
  });

  test('slows down when a session is refused again and again, without ever a short wait', () => {
    const shard = SHARDS.ready().clearEffects();
    const waits = Array.from({ length: 8 }, () => {
      const waitedMs = shard.send({ type: 'gateway.invalidSession', resumable: true }).runUntil('socket');
      shard.send(OPENED, HELLO, { type: 'gateway.resumed' }).clearEffects();
      return waitedMs;
    });
    expect(waits).toEqual([3_000, 3_000, 3_000, 3_000, 3_000, 6_000, 12_000, 24_000]);
  });
});

test('what waits is what the options say', () => {
  expect(DEFAULT_TIMING).toEqual({
    connectTimeoutMs: 10_000,
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
  });
});
