import { describe, expect, test } from 'vitest';
import { DISCARD, FORCE, FORCE_DISCARD, HELLO, KEEP, OTHER, SESSION, SHARDS } from './running-shard.ts';
import type { Deed, RunningShard } from './running-shard.ts';

const CONNECT = { type: 'shard.connect' } as const;
const RESUME = { type: 'shard.resume', session: OTHER } as const;
const ANEW = { type: 'shard.reinstantiate' } as const;

type State = keyof typeof SHARDS;
const IDLE = { session: 'connecting', heartbeat: 'idle' };
const opens = (resumeUrl: string | null, connectionId = 1, at = 0): Deed => [at, 'socket', { connectionId, resumeUrl }];
const restores: Deed = [0, 'restore', { shardId: 7 }];
const told = (detail: object, at = 0): Deed => [at, 'disconnected', { code: null, reason: '', initiator: 'shard', willReconnect: false, willResume: false, ...detail }];
const top = ({ state }: RunningShard): string => (typeof state === 'string' ? state : (Object.keys(state)[0] ?? ''));

describe('connect()', () => {
  test.each(['disconnected', 'failed'] as const)('in %s looks for a session first', (state) => {
    const shard = SHARDS[state]().fresh().send(CONNECT);
    expect([shard.state, shard.deeds()]).toEqual(['restoring', [restores]]);
  });

  test.each(['restoring', 'opening', 'queued', 'ready', 'zombie', 'reconnecting'] as const)('in %s changes nothing', (state) => {
    const shard = SHARDS[state]().fresh();
    const before = [shard.state, shard.context];
    shard.send(CONNECT);
    expect([[shard.state, shard.context], shard.deeds()]).toEqual([before, []]);
  });

  test.each([
    ['the socket is gone', (shard: RunningShard) => shard.send({ type: 'socket.gone' }), 0],
    ['5 s are over', (shard: RunningShard) => shard.wait(5_000), 5_000],
  ] as const)('while it closes looks for a session when %s', (_, end, at) => {
    const shard = end(SHARDS.disconnecting().fresh().send(CONNECT));
    expect([shard.state, shard.deeds()]).toEqual([
      'restoring',
      [told({ code: 4321, reason: 'enough' }, at), [at, 'restore', { shardId: 7 }]],
    ]);
  });

  test.each([
    ['the socket is gone', (shard: RunningShard) => shard.send({ type: 'socket.gone' }), 0],
    ['5 s are over', (shard: RunningShard) => shard.wait(5_000), 5_000],
  ] as const)('that is taken back while it closes is not followed when %s', (_, end, at) => {
    const shard = end(SHARDS.returning().fresh().send(KEEP));
    expect([shard.state, shard.deeds()]).toEqual(['disconnected', [told({ code: 4321, reason: 'enough' }, at)]]);
  });
});

describe('resume()', () => {
  test.each(['disconnected', 'restoring', 'failed'] as const)('in %s connects with the session given, and looks for no other', (state) => {
    const shard = SHARDS[state]().fresh().send(RESUME);
    expect([top(shard), shard.context.session, shard.deeds()]).toEqual(['online', OTHER, [opens(OTHER.resumeUrl, state === 'failed' ? 2 : 1)]]);
  });

  test.each(['reconnecting'] as const)('in %s takes the session given for the next connection', (state) => {
    const shard = SHARDS[state]().fresh().send(RESUME).wait(125);
    expect([top(shard), shard.deeds()]).toEqual(['online', [opens(OTHER.resumeUrl, 2, 125)]]);
  });

  test('in zombie takes the session given for the next connection, and waits for nothing', () => {
    const shard = SHARDS.zombie().fresh().send(RESUME);
    expect([top(shard), shard.context.session, shard.deeds()]).toEqual([
      'reconnecting',
      OTHER,
      [
        told({ code: 4000, reason: 'another session was handed over', willReconnect: true, willResume: true }),
        [0, 'closer', { connectionId: 1, closeWith: 4000, reason: 'another session was handed over' }],
      ],
    ]);
  });

  test('while it closes is followed with the session given', () => {
    const shard = SHARDS.disconnecting().fresh().send(RESUME, { type: 'socket.gone' });
    expect([shard.state, shard.context.session, shard.deeds()]).toEqual([
      'restoring',
      OTHER,
      [told({ code: 4321, reason: 'enough' }), restores],
    ]);
  });
});

describe('reinstantiate()', () => {
  test.each(['disconnected', 'restoring', 'failed'] as const)('in %s connects without a session', (state) => {
    const shard = SHARDS[state]().fresh().send(ANEW);
    expect([top(shard), shard.context.session, shard.deeds()]).toEqual(['online', null, [opens(null, state === 'failed' ? 2 : 1)]]);
  });

  test('in reconnecting gives up the session for the next connection', () => {
    const shard = SHARDS.reconnecting().fresh().send(ANEW).wait(125);
    expect([top(shard), shard.context.session, shard.deeds()]).toEqual(['online', null, [opens(null, 2, 125)]]);
  });

  test('in zombie gives up the session, and waits for nothing', () => {
    const shard = SHARDS.zombie().fresh().send(ANEW);
    expect([top(shard), shard.context.session, shard.deeds()]).toEqual([
      'reconnecting',
      null,
      [
        told({ code: 4000, reason: 'a new session was requested', willReconnect: true }),
        [0, 'closer', { connectionId: 1, closeWith: 4000, reason: 'a new session was requested' }],
      ],
    ]);
  });

  test('while it closes is followed without a session', () => {
    const shard = SHARDS.disconnecting().fresh().send(ANEW, { type: 'socket.gone' });
    expect([shard.state, shard.context.session, shard.deeds()]).toEqual(['restoring', null, [told({ code: 4321, reason: 'enough' }), restores]]);
  });
});

describe('disconnect()', () => {
  test.each(['opening', 'awaitingHello', 'queued', 'awaitingReady', 'resuming', 'ready', 'deaf', 'zombie', 'reconnecting'] as const)(
    'in %s lets the socket go, and tells of the end when it is gone',
    (state: State) => {
      const shard = SHARDS[state]().fresh().send(DISCARD);
      const closing = [top(shard), shard.context.session, shard.deeds()];
      shard.send({ type: 'socket.gone' });
      expect([closing, shard.state, shard.deeds()]).toEqual([
        ['disconnecting', null, [[0, 'closer', { connectionId: 1, closeWith: 1001, reason: 'enough' }]]],
        'disconnected',
        [told({ code: 1001, reason: 'enough' })],
      ]);
    },
  );

  test('in restoring has nothing to wait for, nor to tell', () => {
    const shard = SHARDS.restoring().fresh().send(DISCARD);
    expect([shard.state, shard.context.session, shard.deeds()]).toEqual(['disconnected', null, []]);
  });

  test.each(['disconnected', 'failed'] as const)('in %s changes nothing', (state) => {
    const shard = SHARDS[state]().fresh().send(KEEP);
    expect([shard.state, shard.deeds()]).toEqual([state, []]);
  });

  test('waits no longer than 5 s for the socket', () => {
    const shard = SHARDS.disconnecting().fresh().wait(4_999);
    const before = top(shard);
    shard.wait(1);
    expect([before, shard.state, shard.deeds()]).toEqual(['disconnecting', 'disconnected', [told({ code: 4321, reason: 'enough' }, 5_000)]]);
  });
});

describe('forceClose()', () => {
  test.each(['opening', 'awaitingHello', 'queued', 'awaitingReady', 'resuming', 'ready', 'deaf', 'zombie', 'reconnecting'] as const)(
    'in %s ends it at once, and tells of it',
    (state: State) => {
      const shard = SHARDS[state]().fresh().send(FORCE_DISCARD);
      expect([shard.state, shard.context.session, shard.deeds()]).toEqual(['disconnected', null, [told({ code: 1001, reason: 'forced' })]]);
    },
  );

  test('in restoring ends it at once, with nothing to tell', () => {
    const shard = SHARDS.restoring().fresh().send(FORCE_DISCARD);
    expect([shard.state, shard.context.session, shard.deeds()]).toEqual(['disconnected', null, []]);
  });

  test.each(['disconnected', 'failed'] as const)('in %s changes nothing', (state) => {
    const shard = SHARDS[state]().fresh().send(FORCE);
    expect([shard.state, shard.deeds()]).toEqual([state, []]);
  });
});

describe('reconnect()', () => {
  test.each(['disconnected', 'restoring', 'zombie', 'reconnecting', 'disconnecting', 'failed'] as const)('in %s changes nothing', (state) => {
    const shard = SHARDS[state]().fresh();
    const before = shard.state;
    shard.send({ type: 'shard.reconnect' });
    expect([shard.state, shard.deeds()]).toEqual([before, []]);
  });
});

const TRIED = { attempt: 0, unreachable: 0, failedResumes: 0, readyTimeouts: 0, readies: 0, loss: null };
/** Everything that counts has counted: a READY that did not come, an unreachable host, a resume that failed, a READY. */
const tried = (): RunningShard =>
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
    const { attempt, unreachable, failedResumes, readies } = tried().context;
    expect([attempt, unreachable, failedResumes, readies]).toEqual([4, 1, 1, 1]);
  });

  test.each([
    ['connect', CONNECT],
    ['resume', RESUME],
    ['reinstantiate', ANEW],
  ] as const)('by %s() after disconnect() counts from the start', (_, command) => {
    const { context } = tried().send(KEEP, { type: 'socket.gone' }, command);
    expect(context).toMatchObject(TRIED);
  });

  test.each([
    ['connect', CONNECT],
    ['resume', RESUME],
    ['reinstantiate', ANEW],
  ] as const)('by %s() after a failure counts from the start', (_, command) => {
    const { context } = tried().wait(1_000).send({ type: 'socket.closed', code: 4004, reason: '' }, command);
    expect(context).toMatchObject(TRIED);
  });

  test.each([
    ['the socket is gone', (shard: RunningShard) => shard.send({ type: 'socket.gone' })],
    ['5 s are over', (shard: RunningShard) => shard.wait(5_000)],
  ] as const)('by connect() while it closes counts from the start when %s', (_, end) => {
    expect(end(tried().send(KEEP, CONNECT)).context).toMatchObject(TRIED);
  });

  test('has no beat left from before', () => {
    const shard = SHARDS.ready().send(KEEP, { type: 'socket.gone' }, CONNECT, { type: 'session.loaded', session: null });
    expect([shard.state, shard.context.heartbeatIntervalMs]).toEqual([{ online: { ...IDLE, session: { connecting: 'opening' } } }, null]);
  });
});
