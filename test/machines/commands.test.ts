import { describe, expect, test } from 'vitest';
import { NO_LOSSES } from '../../machines/index.ts';
import { DISCARD, FORCE, FORCE_DISCARD, HELLO, KEEP, SHARDS } from './running-shard.ts';
import { OTHER, SESSION } from './shard-events.ts';
import type { Effect, RunningShard } from './running-shard.ts';

const CONNECT = { type: 'shard.connect' } as const;
const RESUME = { type: 'shard.resume', session: OTHER } as const;
const REINSTANTIATE = { type: 'shard.reinstantiate' } as const;

const CONNECTING = [
  ['connect', CONNECT],
  ['resume', RESUME],
  ['reinstantiate', REINSTANTIATE],
] as const;

/** The states that have a socket, or are about to open one. */
const CONNECTED = [
  'opening',
  'awaitingHello',
  'queued',
  'awaitingReady',
  'resuming',
  'ready',
  'overdue',
  'zombie',
  'reconnecting',
] as const;

/** How a close handshake ends, and after how many ms. */
const CLOSINGS = [
  ['the socket is closed', (shard: RunningShard) => shard.send({ type: 'socket.closeCompleted' }), 0],
  ['5 s have passed', (shard: RunningShard) => shard.wait(5_000), 5_000],
] as const;

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

describe('shard machine: connect()', () => {
  test.each(['disconnected', 'failed'] as const)('in %s the shard loads its session first', (state) => {
    const shard = SHARDS[state]().clearEffects().send(CONNECT);
    expect(shard.state).toBe('restoring');
    expect(shard.consumeEffects()).toEqual([LOAD_SESSION_EFFECT]);
  });

  test.each(['restoring', 'opening', 'queued', 'ready', 'zombie', 'reconnecting'] as const)(
    'in %s it changes nothing',
    (state) => {
      const shard = SHARDS[state]().clearEffects();
      const before = { state: shard.state, context: shard.context };
      shard.send(CONNECT);
      expect(shard.state).toEqual(before.state);
      expect(shard.context).toEqual(before.context);
      expect(shard.consumeEffects()).toEqual([]);
    },
  );

  test.each(CLOSINGS)('during disconnecting the shard loads its session when %s', (_, end, at) => {
    const shard = end(SHARDS.disconnecting().clearEffects().send(CONNECT));
    expect(shard.state).toBe('restoring');
    expect(shard.consumeEffects()).toEqual([
      disconnectedEffect({ code: 4321, reason: 'enough' }, at),
      [at, 'loadSession', { shardId: 7 }],
    ]);
  });

  test.each(CLOSINGS)('after a later disconnect() the shard stays disconnected when %s', (_, end, at) => {
    const shard = end(SHARDS.reconnectRequested().clearEffects().send(KEEP));
    expect(shard.state).toBe('disconnected');
    expect(shard.consumeEffects()).toEqual([disconnectedEffect({ code: 4321, reason: 'enough' }, at)]);
  });
});

describe('shard machine: the session store', () => {
  test.each([
    ['takes longer than 10 s', null],
    ['fails', { type: 'session.unavailable', reason: 'no disk' }],
  ] as const)('a store that %s does not cost the session that the shard has', (_, event) => {
    const shard = SHARDS.restoring({ session: SESSION });
    if (event === null) shard.wait(10_000);
    else shard.send(event);
    shard.clearEffects().send({ type: 'socket.opened' }, HELLO);
    expect(shard.context.session).toEqual(SESSION);
    expect(shard.state).toMatchObject({ online: { session: 'resuming' } });
  });
});

describe.each([
  [
    'resume()',
    RESUME,
    OTHER,
    'the given session',
    { reason: 'resume() was called with another session', willResume: true },
  ],
  ['reinstantiate()', REINSTANTIATE, null, 'no session', { reason: 'reinstantiate() was called' }],
] as const)('shard machine: %s', (_, command, session, whichSession, loss) => {
  const resumeUrl = session?.resumeUrl ?? null;

  test.each(['disconnected', 'restoring', 'failed'] as const)(
    `in %s the shard connects with ${whichSession} and does not load another`,
    (state) => {
      const shard = SHARDS[state]().clearEffects().send(command);
      expect(topLevelState(shard)).toBe('online');
      expect(shard.context.session).toEqual(session);
      expect(shard.consumeEffects()).toEqual([socketEffect(resumeUrl, state === 'failed' ? 2 : 1)]);
    },
  );

  test(`in reconnecting the next connection has ${whichSession}`, () => {
    const shard = SHARDS.reconnecting().clearEffects().send(command).wait(125);
    expect(topLevelState(shard)).toBe('online');
    expect(shard.context.session).toEqual(session);
    expect(shard.consumeEffects()).toEqual([socketEffect(resumeUrl, 2, 125)]);
  });

  test(`in zombie the shard reconnects at once with ${whichSession}`, () => {
    const shard = SHARDS.zombie().clearEffects().send(command);
    expect(topLevelState(shard)).toBe('reconnecting');
    expect(shard.context.session).toEqual(session);
    expect(shard.consumeEffects()).toEqual([
      disconnectedEffect({ code: 4000, willReconnect: true, ...loss }),
      [0, 'closeSocket', { connectionId: 1, closeWith: 4000, reason: loss.reason }],
    ]);
  });

  test(`during disconnecting the shard connects afterwards with ${whichSession}`, () => {
    const shard = SHARDS.disconnecting().clearEffects().send(command, { type: 'socket.closeCompleted' });
    expect(shard.state).toBe('restoring');
    expect(shard.context.session).toEqual(session);
    expect(shard.consumeEffects()).toEqual([disconnectedEffect({ code: 4321, reason: 'enough' }), LOAD_SESSION_EFFECT]);
  });
});

describe('shard machine: disconnect()', () => {
  test.each(['disconnected', 'disconnecting', 'failed'] as const)(
    'in %s a call that discards the session changes only that',
    (state) => {
      const shard = SHARDS[state]();
      const before = shard.state;
      shard.send(DISCARD);
      expect(shard.context.session).toBeNull();
      expect(shard.state).toEqual(before);
    },
  );

  test.each(['disconnected', 'disconnecting', 'reconnectRequested', 'failed'] as const)(
    'in %s forceClose() with 1001 and disconnect() discard the session',
    (state) => {
      const sessions = [DISCARD, FORCE_DISCARD].map((call) => SHARDS[state]().send(call).context.session);
      expect(sessions).toEqual([null, null]);
    },
  );

  test.each(CONNECTED)('in %s the shard closes the socket and emits disconnected once it is closed', (state) => {
    const shard = SHARDS[state]().clearEffects().send(DISCARD);
    expect(topLevelState(shard)).toBe('disconnecting');
    expect(shard.context.session).toBeNull();
    expect(shard.consumeEffects()).toEqual([
      [0, 'closeSocket', { connectionId: 1, closeWith: 1001, reason: 'enough' }],
    ]);
    shard.send({ type: 'socket.closeCompleted' });
    expect(shard.state).toBe('disconnected');
    expect(shard.consumeEffects()).toEqual([disconnectedEffect({ code: 1001, reason: 'enough' })]);
  });

  test('the shard waits at most 5 s for the socket to close', () => {
    const shard = SHARDS.disconnecting().clearEffects().wait(4_999);
    const before = topLevelState(shard);
    shard.wait(1);
    expect(before).toBe('disconnecting');
    expect(shard.state).toBe('disconnected');
    expect(shard.consumeEffects()).toEqual([disconnectedEffect({ code: 4321, reason: 'enough' }, 5_000)]);
  });
});

describe('shard machine: forceClose()', () => {
  test.each(CONNECTED)('in %s the shard is disconnected at once and emits disconnected', (state) => {
    const shard = SHARDS[state]().clearEffects().send(FORCE_DISCARD);
    expect(shard.state).toBe('disconnected');
    expect(shard.context.session).toBeNull();
    expect(shard.consumeEffects()).toEqual([disconnectedEffect({ code: 1001, reason: 'forceClose() was called' })]);
  });
});

describe.each([
  ['disconnect()', DISCARD, KEEP],
  ['forceClose()', FORCE_DISCARD, FORCE],
] as const)('shard machine: %s without a connection', (_, discard, keep) => {
  test('in restoring the shard is disconnected at once and emits nothing', () => {
    const shard = SHARDS.restoring().clearEffects().send(discard);
    expect(shard.state).toBe('disconnected');
    expect(shard.context.session).toBeNull();
    expect(shard.consumeEffects()).toEqual([]);
  });

  test.each(['disconnected', 'failed'] as const)('in %s it changes nothing', (state) => {
    const shard = SHARDS[state]().clearEffects().send(keep);
    expect(shard.state).toEqual(state);
    expect(shard.consumeEffects()).toEqual([]);
  });
});

describe('shard machine: reconnect()', () => {
  test.each(['disconnected', 'restoring', 'zombie', 'reconnecting', 'disconnecting', 'failed'] as const)(
    'in %s it changes nothing',
    (state) => {
      const shard = SHARDS[state]().clearEffects();
      const before = shard.state;
      shard.send({ type: 'shard.reconnect' });
      expect(shard.state).toEqual(before);
      expect(shard.consumeEffects()).toEqual([]);
    },
  );
});

const INITIAL_COUNTERS = {
  lossCounts: NO_LOSSES,
  unreachableCount: 0,
  failedResumes: 0,
  readyTimeouts: 0,
  readyCount: 0,
  loss: null,
};
/** A shard whose counters all differ from 0: it lost a connection in each way, and was ready once. */
const shardWithCounters = (): RunningShard =>
  SHARDS.awaitingReady()
    .wait(300_000 + 125)
    .send({ type: 'socket.opened' }, HELLO, { type: 'gateway.invalidSession', resumable: false })
    .wait(3_000)
    .send({ type: 'socket.opened' }, HELLO, { type: 'identify.granted' }, { type: 'gateway.ready', session: SESSION })
    .send({ type: 'gateway.reconnect' })
    .wait(250)
    .send({ type: 'socket.opened' }, HELLO)
    .send({ type: 'gateway.reconnect' })
    .wait(500)
    .send({ type: 'socket.failed', reason: 'ECONNREFUSED' });

describe('shard machine: counters', () => {
  test('the shard of these tests has counted before', () => {
    const { lossCounts, unreachableCount, failedResumes, readyCount } = shardWithCounters().context;
    expect(lossCounts).toEqual({ unreachable: 1, unanswered: 1, refused: 1, shortLived: 1 });
    expect(unreachableCount).toBe(1);
    expect(failedResumes).toBe(1);
    expect(readyCount).toBe(1);
  });

  test.each(CONNECTING)('%s() after disconnect() resets them', (_, command) => {
    const { context } = shardWithCounters().send(KEEP, { type: 'socket.closeCompleted' }, command);
    expect(context).toMatchObject(INITIAL_COUNTERS);
  });

  test.each(CONNECTING)('%s() after a failure resets them', (_, command) => {
    const { context } = shardWithCounters()
      .wait(1_000)
      .send({ type: 'socket.closed', code: 4004, reason: '' }, command);
    expect(context).toMatchObject(INITIAL_COUNTERS);
  });

  test.each(CLOSINGS)('connect() during disconnecting resets them when %s', (_, end) => {
    expect(end(shardWithCounters().send(KEEP, CONNECT)).context).toMatchObject(INITIAL_COUNTERS);
  });

  test('a new connection has no heartbeat interval from the last', () => {
    const shard = SHARDS.ready().send(KEEP, { type: 'socket.closeCompleted' }, CONNECT, {
      type: 'session.loaded',
      session: null,
    });
    expect(shard.state).toEqual({ online: { ...IDLE, session: { connecting: 'opening' } } });
    expect(shard.context.heartbeatIntervalMs).toBeNull();
  });
});
