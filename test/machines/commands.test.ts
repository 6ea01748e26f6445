import { describe, expect, test } from 'vitest';
import { DISCARD, FORCE, FORCE_DISCARD, HELLO, KEEP, SHARDS } from './running-shard.ts';
import { OTHER, SESSION } from './shard-events.ts';
import type { Effect, RunningShard } from './running-shard.ts';

const CONNECT = { type: 'shard.connect' } as const;
const RESUME = { type: 'shard.resume', session: OTHER } as const;
const REINSTANTIATE = { type: 'shard.reinstantiate' } as const;

type State = keyof typeof SHARDS;
const IDLE = { session: 'connecting', heartbeat: 'idle' };
const socketEffect = (resumeUrl: string | null, connectionId = 1, at = 0): Effect => [
  at,
  'socket',
  { connectionId, resumeUrl },
];
const LOAD_SESSION_EFFECT: Effect = [0, 'loadSession', { shardId: 7 }];
const disconnectedEffect = (detail: object, at = 0): Effect => [
  at,
  'disconnected',
  { code: null, reason: '', initiator: 'shard', willReconnect: false, willResume: false, ...detail },
];
const topLevelState = ({ state }: RunningShard): string =>
  typeof state === 'string' ? state : (Object.keys(state)[0] ?? '');

describe('connect()', () => {
  test.each(['disconnected', 'failed'] as const)('in %s looks for a session first', (state) => {
    const shard = SHARDS[state]().clearEffects().send(CONNECT);
    expect([shard.state, shard.consumeEffects()]).toEqual(['restoring', [LOAD_SESSION_EFFECT]]);
  });

  test.each(['restoring', 'opening', 'queued', 'ready', 'zombie', 'reconnecting'] as const)(
    'in %s changes nothing',
    (state) => {
      const shard = SHARDS[state]().clearEffects();
      const before = [shard.state, shard.context];
      shard.send(CONNECT);
      expect([[shard.state, shard.context], shard.consumeEffects()]).toEqual([before, []]);
    },
  );

  test.each([
    ['the socket is gone', (shard: RunningShard) => shard.send({ type: 'socket.closeCompleted' }), 0],
    ['5 s are over', (shard: RunningShard) => shard.wait(5_000), 5_000],
  ] as const)('while it closes looks for a session when %s', (_, end, at) => {
    const shard = end(SHARDS.disconnecting().clearEffects().send(CONNECT));
    expect([shard.state, shard.consumeEffects()]).toEqual([
      'restoring',
      [disconnectedEffect({ code: 4321, reason: 'enough' }, at), [at, 'loadSession', { shardId: 7 }]],
    ]);
  });

  test.each([
    ['the socket is gone', (shard: RunningShard) => shard.send({ type: 'socket.closeCompleted' }), 0],
    ['5 s are over', (shard: RunningShard) => shard.wait(5_000), 5_000],
  ] as const)('that is taken back while it closes is not followed when %s', (_, end, at) => {
    const shard = end(SHARDS.reconnectRequested().clearEffects().send(KEEP));
    expect([shard.state, shard.consumeEffects()]).toEqual([
      'disconnected',
      [disconnectedEffect({ code: 4321, reason: 'enough' }, at)],
    ]);
  });
});

describe('resume()', () => {
  test.each(['disconnected', 'restoring', 'failed'] as const)(
    'in %s connects with the session given, and looks for no other',
    (state) => {
      const shard = SHARDS[state]().clearEffects().send(RESUME);
      expect([topLevelState(shard), shard.context.session, shard.consumeEffects()]).toEqual([
        'online',
        OTHER,
        [socketEffect(OTHER.resumeUrl, state === 'failed' ? 2 : 1)],
      ]);
    },
  );

  test.each(['reconnecting'] as const)('in %s takes the session given for the next connection', (state) => {
    const shard = SHARDS[state]().clearEffects().send(RESUME).wait(125);
    expect([topLevelState(shard), shard.consumeEffects()]).toEqual(['online', [socketEffect(OTHER.resumeUrl, 2, 125)]]);
  });

  test('in zombie takes the session given for the next connection, and waits for nothing', () => {
    const shard = SHARDS.zombie().clearEffects().send(RESUME);
    expect([topLevelState(shard), shard.context.session, shard.consumeEffects()]).toEqual([
      'reconnecting',
      OTHER,
      [
        disconnectedEffect({
          code: 4000,
          reason: 'resume() was called with another session',
          willReconnect: true,
          willResume: true,
        }),
        [0, 'closeSocket', { connectionId: 1, closeWith: 4000, reason: 'resume() was called with another session' }],
      ],
    ]);
  });

  test('while it closes is followed with the session given', () => {
    const shard = SHARDS.disconnecting().clearEffects().send(RESUME, { type: 'socket.closeCompleted' });
    expect([shard.state, shard.context.session, shard.consumeEffects()]).toEqual([
      'restoring',
      OTHER,
      [disconnectedEffect({ code: 4321, reason: 'enough' }), LOAD_SESSION_EFFECT],
    ]);
  });
});

describe('reinstantiate()', () => {
  test.each(['disconnected', 'restoring', 'failed'] as const)('in %s connects without a session', (state) => {
    const shard = SHARDS[state]().clearEffects().send(REINSTANTIATE);
    expect([topLevelState(shard), shard.context.session, shard.consumeEffects()]).toEqual([
      'online',
      null,
      [socketEffect(null, state === 'failed' ? 2 : 1)],
    ]);
  });

  test('in reconnecting gives up the session for the next connection', () => {
    const shard = SHARDS.reconnecting().clearEffects().send(REINSTANTIATE).wait(125);
    expect([topLevelState(shard), shard.context.session, shard.consumeEffects()]).toEqual([
      'online',
      null,
      [socketEffect(null, 2, 125)],
    ]);
  });

  test('in zombie gives up the session, and waits for nothing', () => {
    const shard = SHARDS.zombie().clearEffects().send(REINSTANTIATE);
    expect([topLevelState(shard), shard.context.session, shard.consumeEffects()]).toEqual([
      'reconnecting',
      null,
      [
        disconnectedEffect({ code: 4000, reason: 'reinstantiate() was called', willReconnect: true }),
        [0, 'closeSocket', { connectionId: 1, closeWith: 4000, reason: 'reinstantiate() was called' }],
      ],
    ]);
  });

  test('while it closes is followed without a session', () => {
    const shard = SHARDS.disconnecting().clearEffects().send(REINSTANTIATE, { type: 'socket.closeCompleted' });
    expect([shard.state, shard.context.session, shard.consumeEffects()]).toEqual([
      'restoring',
      null,
      [disconnectedEffect({ code: 4321, reason: 'enough' }), LOAD_SESSION_EFFECT],
    ]);
  });
});

describe('disconnect()', () => {
  test.each([
    'opening',
    'awaitingHello',
    'queued',
    'awaitingReady',
    'resuming',
    'ready',
    'overdue',
    'zombie',
    'reconnecting',
  ] as const)('in %s lets the socket go, and tells of the end when it is gone', (state: State) => {
    const shard = SHARDS[state]().clearEffects().send(DISCARD);
    const closing = [topLevelState(shard), shard.context.session, shard.consumeEffects()];
    shard.send({ type: 'socket.closeCompleted' });
    expect([closing, shard.state, shard.consumeEffects()]).toEqual([
      ['disconnecting', null, [[0, 'closeSocket', { connectionId: 1, closeWith: 1001, reason: 'enough' }]]],
      'disconnected',
      [disconnectedEffect({ code: 1001, reason: 'enough' })],
    ]);
  });

  test('in restoring has nothing to wait for, nor to tell', () => {
    const shard = SHARDS.restoring().clearEffects().send(DISCARD);
    expect([shard.state, shard.context.session, shard.consumeEffects()]).toEqual(['disconnected', null, []]);
  });

  test.each(['disconnected', 'failed'] as const)('in %s changes nothing', (state) => {
    const shard = SHARDS[state]().clearEffects().send(KEEP);
    expect([shard.state, shard.consumeEffects()]).toEqual([state, []]);
  });

  test('waits no longer than 5 s for the socket', () => {
    const shard = SHARDS.disconnecting().clearEffects().wait(4_999);
    const before = topLevelState(shard);
    shard.wait(1);
    expect([before, shard.state, shard.consumeEffects()]).toEqual([
      'disconnecting',
      'disconnected',
      [disconnectedEffect({ code: 4321, reason: 'enough' }, 5_000)],
    ]);
  });
});

describe('forceClose()', () => {
  test.each([
    'opening',
    'awaitingHello',
    'queued',
    'awaitingReady',
    'resuming',
    'ready',
    'overdue',
    'zombie',
    'reconnecting',
  ] as const)('in %s ends it at once, and tells of it', (state: State) => {
    const shard = SHARDS[state]().clearEffects().send(FORCE_DISCARD);
    expect([shard.state, shard.context.session, shard.consumeEffects()]).toEqual([
      'disconnected',
      null,
      [disconnectedEffect({ code: 1001, reason: 'forceClose() was called' })],
    ]);
  });

  test('in restoring ends it at once, with nothing to tell', () => {
    const shard = SHARDS.restoring().clearEffects().send(FORCE_DISCARD);
    expect([shard.state, shard.context.session, shard.consumeEffects()]).toEqual(['disconnected', null, []]);
  });

  test.each(['disconnected', 'failed'] as const)('in %s changes nothing', (state) => {
    const shard = SHARDS[state]().clearEffects().send(FORCE);
    expect([shard.state, shard.consumeEffects()]).toEqual([state, []]);
  });
});

describe('reconnect()', () => {
  test.each(['disconnected', 'restoring', 'zombie', 'reconnecting', 'disconnecting', 'failed'] as const)(
    'in %s changes nothing',
    (state) => {
      const shard = SHARDS[state]().clearEffects();
      const before = shard.state;
      shard.send({ type: 'shard.reconnect' });
      expect([shard.state, shard.consumeEffects()]).toEqual([before, []]);
    },
  );
});

const INITIAL_COUNTERS = {
  attempt: 0,
  unreachableCount: 0,
  failedResumes: 0,
  readyTimeouts: 0,
  readyCount: 0,
  loss: null,
};
/** Everything that counts has counted: a READY that did not come, an unreachable host, a resume that failed, a READY. */
const shardWithCounters = (): RunningShard =>
  SHARDS.awaitingReady()
    .wait(300_000 + 125)
    .send({ type: 'socket.opened' }, HELLO, { type: 'identify.granted' }, { type: 'gateway.ready', session: SESSION })
    .send({ type: 'gateway.reconnect' })
    .wait(250)
    .send({ type: 'socket.opened' }, HELLO)
    .send({ type: 'gateway.reconnect' })
    .wait(500)
    .send({ type: 'socket.failed', reason: 'ECONNREFUSED' });

describe('whoever starts anew', () => {
  test('has counted before', () => {
    const { attempt, unreachableCount, failedResumes, readyCount } = shardWithCounters().context;
    expect([attempt, unreachableCount, failedResumes, readyCount]).toEqual([4, 1, 1, 1]);
  });

  test.each([
    ['connect', CONNECT],
    ['resume', RESUME],
    ['reinstantiate', REINSTANTIATE],
  ] as const)('by %s() after disconnect() counts from the start', (_, command) => {
    const { context } = shardWithCounters().send(KEEP, { type: 'socket.closeCompleted' }, command);
    expect(context).toMatchObject(INITIAL_COUNTERS);
  });

  test.each([
    ['connect', CONNECT],
    ['resume', RESUME],
    ['reinstantiate', REINSTANTIATE],
  ] as const)('by %s() after a failure counts from the start', (_, command) => {
    const { context } = shardWithCounters()
      .wait(1_000)
      .send({ type: 'socket.closed', code: 4004, reason: '' }, command);
    expect(context).toMatchObject(INITIAL_COUNTERS);
  });

  test.each([
    ['the socket is gone', (shard: RunningShard) => shard.send({ type: 'socket.closeCompleted' })],
    ['5 s are over', (shard: RunningShard) => shard.wait(5_000)],
  ] as const)('by connect() while it closes counts from the start when %s', (_, end) => {
    expect(end(shardWithCounters().send(KEEP, CONNECT)).context).toMatchObject(INITIAL_COUNTERS);
  });

  test('has no beat left from before', () => {
    const shard = SHARDS.ready().send(KEEP, { type: 'socket.closeCompleted' }, CONNECT, {
      type: 'session.loaded',
      session: null,
    });
    expect([shard.state, shard.context.heartbeatIntervalMs]).toEqual([
      { online: { ...IDLE, session: { connecting: 'opening' } } },
      null,
    ]);
  });
});
