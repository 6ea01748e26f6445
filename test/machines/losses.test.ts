import { describe, expect, test } from 'vitest';
import { DISCARD, FORCE, FORCE_DISCARD, HELLO, KEEP, SHARDS } from './running-shard.ts';
import { OTHER, SESSION, closed } from './shard-events.ts';
import type { Effect, RunningShard } from './running-shard.ts';

interface LossCase {
  /** The shard's state, and what happens to it. */
  readonly state: keyof typeof SHARDS;
  readonly act: (shard: RunningShard) => RunningShard;
  readonly initiator: 'gateway' | 'shard' | 'transport';
  /** Emitted with disconnected, and sent to Discord. */
  readonly reason: string;
  /** The code Discord closed with. */
  readonly code?: number;
  /** The code our side closes with; `null` terminates. */
  readonly closeWith: number | null;
  readonly fault?: string;
  readonly cause?: unknown;
  readonly pauseMs: number;
  /** Where the next connection goes; `null` is the main URL. */
  readonly next: string | null;
  readonly alwaysReconnects?: boolean;
}

const [ONE, ANOTHER] = [SESSION.resumeUrl, OTHER.resumeUrl];
/** The first backoff, the wait after Invalid Session and the wait after 4008, with a random number of ½. */
const [BACKOFF_MS, INVALID_MS, RATE_LIMITED_MS] = [125, 3_000, 5_125];
const CAUSE = new Error('the cause');

const LOSS_CASES: Record<string, LossCase> = {
  'after 10 s without an open socket': {
    state: 'opening',
    act: (shard) => shard.wait(10_000),
    initiator: 'shard',
    reason: 'the socket did not open within connectTimeoutMs',
    closeWith: null,
    fault: 'CONNECT_TIMEOUT',
    pauseMs: BACKOFF_MS,
    next: null,
  },
  'after 15 s without HELLO': {
    state: 'awaitingHello',
    act: (shard) => shard.wait(15_000),
    initiator: 'shard',
    reason: 'no HELLO within helloTimeoutMs',
    closeWith: null,
    fault: 'HELLO_TIMEOUT',
    pauseMs: BACKOFF_MS,
    next: null,
  },
  'after HELLO with an interval of 0': {
    state: 'awaitingHello',
    act: (shard) => shard.send({ ...HELLO, heartbeatIntervalMs: 0 }),
    initiator: 'shard',
    reason: 'HELLO had no valid heartbeat interval',
    closeWith: 4000,
    fault: 'INVALID_HEARTBEAT_INTERVAL',
    pauseMs: BACKOFF_MS,
    next: null,
  },
  'after 5 min without READY': {
    state: 'awaitingReady',
    act: (shard) => shard.wait(300_000),
    initiator: 'shard',
    reason: 'no READY in time (readyPatienceMs)',
    closeWith: 4000,
    fault: 'READY_TIMEOUT',
    pauseMs: BACKOFF_MS,
    next: null,
  },
  'after 30 s without RESUMED': {
    state: 'resuming',
    act: (shard) => shard.wait(30_000),
    initiator: 'shard',
    reason: 'no RESUMED within resumedTimeoutMs',
    closeWith: 4000,
    fault: 'RESUME_TIMEOUT',
    pauseMs: BACKOFF_MS,
    next: ONE,
  },
  'after a dispatch timeout': {
    state: 'ready',
    act: (shard) => shard.send({ type: 'socket.dispatchTimeout' }),
    initiator: 'shard',
    reason: 'no dispatch within maxDispatchSilenceMs',
    closeWith: 4000,
    fault: 'DISPATCH_SILENCE',
    pauseMs: BACKOFF_MS,
    next: ONE,
  },
  'after op 7': {
    state: 'ready',
    act: (shard) => shard.send({ type: 'gateway.reconnect' }),
    initiator: 'gateway',
    reason: 'the gateway asked for a reconnect',
    closeWith: 4000,
    pauseMs: BACKOFF_MS,
    next: ONE,
  },
  'after op 9 true': {
    state: 'ready',
    act: (shard) => shard.send({ type: 'gateway.invalidSession', resumable: true }),
    initiator: 'gateway',
    reason: 'the gateway sent Invalid Session; the session may be resumed',
    closeWith: 4000,
    pauseMs: INVALID_MS,
    next: ONE,
  },
  'after op 9 false': {
    state: 'ready',
    act: (shard) => shard.send({ type: 'gateway.invalidSession', resumable: false }),
    initiator: 'gateway',
    reason: 'the gateway sent Invalid Session; the session is over',
    closeWith: 1000,
    pauseMs: INVALID_MS,
    next: null,
  },
  'after reconnect()': {
    state: 'ready',
    act: (shard) => shard.send({ type: 'shard.reconnect' }),
    initiator: 'shard',
    reason: 'reconnect() was called',
    closeWith: 4000,
    pauseMs: BACKOFF_MS,
    next: ONE,
    alwaysReconnects: true,
  },
  'after resume() with another session': {
    state: 'ready',
    act: (shard) => shard.send({ type: 'shard.resume', session: OTHER }),
    initiator: 'shard',
    reason: 'resume() was called with another session',
    closeWith: 4000,
    pauseMs: BACKOFF_MS,
    next: ANOTHER,
    alwaysReconnects: true,
  },
  'after reinstantiate()': {
    state: 'ready',
    act: (shard) => shard.send({ type: 'shard.reinstantiate' }),
    initiator: 'shard',
    reason: 'reinstantiate() was called',
    closeWith: 4000,
    pauseMs: BACKOFF_MS,
    next: null,
    alwaysReconnects: true,
  },
  'after a close without a close frame': {
    state: 'ready',
    act: (shard) => shard.send(closed(1006, 'broken off')),
    initiator: 'transport',
    reason: 'broken off',
    code: 1006,
    closeWith: null,
    pauseMs: BACKOFF_MS,
    next: ONE,
  },
  'after close code 4000': {
    state: 'ready',
    act: (shard) => shard.send(closed(4000, 'for a reason')),
    initiator: 'gateway',
    reason: 'for a reason',
    code: 4000,
    closeWith: null,
    pauseMs: BACKOFF_MS,
    next: ONE,
  },
  'after a close before HELLO': {
    state: 'awaitingHello',
    act: (shard) => shard.send(closed(1001, 'restarting')),
    initiator: 'gateway',
    reason: 'restarting',
    code: 1001,
    closeWith: null,
    pauseMs: BACKOFF_MS,
    next: null,
  },
  'after a socket error': {
    state: 'ready',
    act: (shard) => shard.send({ type: 'socket.failed', reason: 'ECONNRESET', cause: CAUSE }),
    initiator: 'transport',
    reason: 'ECONNRESET',
    closeWith: null,
    fault: 'CONNECTION_FAILED',
    cause: CAUSE,
    pauseMs: BACKOFF_MS,
    next: ONE,
  },
  'after an upgrade that is answered with Retry-After': {
    state: 'opening',
    act: (shard) => shard.send({ type: 'socket.failed', reason: '429', cause: CAUSE, retryAfterMs: 5_000 }),
    initiator: 'transport',
    reason: '429; the shard waits at least 5 s',
    closeWith: null,
    fault: 'CONNECTION_FAILED',
    cause: CAUSE,
    pauseMs: 5_000 + BACKOFF_MS,
    next: null,
  },
  'after an upgrade that is answered with a Retry-After of a year': {
    state: 'opening',
    act: (shard) => shard.send({ type: 'socket.failed', reason: '503', cause: CAUSE, retryAfterMs: 31_536_000_000 }),
    initiator: 'transport',
    reason: '503; the shard waits at least 31536000 s',
    closeWith: null,
    fault: 'CONNECTION_FAILED',
    cause: CAUSE,
    pauseMs: 3_600_000 + BACKOFF_MS,
    next: null,
  },
  'after data that can not be decoded': {
    state: 'ready',
    act: (shard) => shard.send({ type: 'socket.decodeFailed', reason: 'no JSON', cause: CAUSE }),
    initiator: 'shard',
    reason: 'no JSON',
    closeWith: 4000,
    fault: 'DECODE_FAILED',
    cause: CAUSE,
    pauseMs: BACKOFF_MS,
    next: ONE,
  },
  'after the identify gate refuses': {
    state: 'queued',
    act: (shard) => shard.send({ type: 'identify.refused', reason: 'no gate', cause: CAUSE }),
    initiator: 'shard',
    reason: 'no gate',
    closeWith: 4000,
    fault: 'IDENTIFY_REFUSED',
    cause: CAUSE,
    pauseMs: BACKOFF_MS,
    next: null,
  },
  'after close code 4008': {
    state: 'ready',
    act: (shard) => shard.send(closed(4008, 'too fast')),
    initiator: 'gateway',
    reason: 'too fast',
    code: 4008,
    closeWith: null,
    fault: 'RATE_LIMITED',
    pauseMs: RATE_LIMITED_MS,
    next: ONE,
  },
};

const hasSession = ({ state, next, reason }: LossCase): boolean =>
  next !== null ||
  (['opening', 'awaitingHello'].includes(state) && reason !== 'the gateway sent Invalid Session; the session is over');

function expectedEffects(
  row: LossCase,
  willReconnect: boolean,
): { fault: Effect[]; disconnected: Effect; closeSocket: Effect } {
  const { initiator, reason, code = null, closeWith, fault, cause } = row;
  return {
    fault: fault === undefined ? [] : [[0, 'fault', { code: fault, reason, closeCode: code, cause }]],
    disconnected: [
      0,
      'disconnected',
      { code: code ?? closeWith, reason, initiator, willReconnect, willResume: willReconnect && hasSession(row) },
    ],
    closeSocket: [0, 'closeSocket', { connectionId: 1, closeWith, reason }],
  };
}

/** The effects with times counted from the loss, without heartbeats. */
const sinceTheLoss = (effects: Effect[]): Effect[] => {
  const at = effects.find(([, what]) => ['fault', 'disconnected', 'closeSocket'].includes(what))?.[0] ?? 0;
  return effects.filter(([, what]) => what !== 'heartbeat').map(([when, ...rest]) => [when - at, ...rest]);
};

describe('shard machine: lost connections', () => {
  test.each(Object.entries(LOSS_CASES))(
    '%s the shard emits disconnected, closes the socket and connects again',
    (_, row) => {
      const shard = row.act(SHARDS[row.state]().clearEffects()).wait(row.pauseMs);
      const { fault, disconnected, closeSocket } = expectedEffects(row, true);
      expect(sinceTheLoss(shard.consumeEffects())).toEqual([
        ...fault,
        disconnected,
        closeSocket,
        [row.pauseMs, 'socket', { connectionId: 2, resumeUrl: row.next }],
      ]);
    },
  );

  test.each(Object.entries(LOSS_CASES).filter(([, { alwaysReconnects }]) => alwaysReconnects === true))(
    '%s the shard reconnects even with shouldReconnect false',
    (_, row) => {
      const shard = row.act(SHARDS[row.state]({ shouldReconnect: false }).clearEffects());
      const { disconnected, closeSocket } = expectedEffects(row, true);
      expect(sinceTheLoss(shard.consumeEffects())).toEqual([disconnected, closeSocket]);
      expect(shard.state).toBe('reconnecting');
    },
  );

  test.each(Object.entries(LOSS_CASES).filter(([, { alwaysReconnects }]) => alwaysReconnects !== true))(
    '%s the shard disconnects with shouldReconnect false',
    (_, row) => {
      const shard = row
        .act(SHARDS[row.state]({ shouldReconnect: false }).clearEffects())
        .send({ type: 'socket.closeCompleted' });
      const { fault, disconnected, closeSocket } = expectedEffects(row, false);
      expect(sinceTheLoss(shard.consumeEffects())).toEqual([...fault, closeSocket, disconnected]);
      expect(shard.state).toBe('disconnected');
    },
  );
});

const disconnectedEffect = (code: number, reason: string): Effect => [
  0,
  'disconnected',
  { code, reason, initiator: 'shard', willReconnect: false, willResume: false },
];

describe('shard machine: stopping', () => {
  test.each([
    ['keeps the session', KEEP, SESSION],
    ['discards the session', DISCARD, null],
  ] as const)('disconnect() %s and closes with the given code', (_, command, session) => {
    const shard = SHARDS.ready().clearEffects().send(command, { type: 'socket.closeCompleted' });
    expect(shard.consumeEffects()).toEqual([
      [0, 'closeSocket', { connectionId: 1, closeWith: command.code, reason: 'enough' }],
      disconnectedEffect(command.code, 'enough'),
    ]);
    expect(shard.state).toBe('disconnected');
    expect(shard.context.session).toEqual(session);
  });

  test.each([
    ['keeps the session', FORCE, SESSION],
    ['discards the session', FORCE_DISCARD, null],
  ] as const)('forceClose() %s and does not wait', (_, command, session) => {
    const shard = SHARDS.ready().clearEffects().send(command);
    expect(shard.consumeEffects()).toEqual([disconnectedEffect(command.code, 'forceClose() was called')]);
    expect(shard.state).toBe('disconnected');
    expect(shard.context.session).toEqual(session);
  });

  test('forceClose() during disconnecting emits disconnected once and can still discard the session', () => {
    const shard = SHARDS.disconnecting().clearEffects().send(FORCE_DISCARD);
    expect(shard.consumeEffects()).toEqual([disconnectedEffect(4321, 'enough')]);
    expect(shard.state).toBe('disconnected');
    expect(shard.context.session).toBeNull();
  });
});
