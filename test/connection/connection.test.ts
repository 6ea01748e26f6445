import { describe, expect, test, vi } from 'vitest';
import type { DispatchProbe } from '../../src/connection/dispatch-probe.ts';
import { bareConnection, dispatch, raised } from './bare-connection.ts';

const READY = { op: 0, t: 'READY', s: 1, d: { session_id: 'one', resume_gateway_url: 'wss://one.test' } };
const RESUMED = { op: 0, t: 'RESUMED', s: 4, d: {} };
const HEARTBEAT = { op: 1, d: null };

describe('Connection: receiving', () => {
  test.each([
    ['HELLO', { op: 10, d: { heartbeat_interval: 41_250 } }, { type: 'gateway.hello', heartbeatIntervalMs: 41_250 }],
    ['a heartbeat request', { op: 1, d: null }, { type: 'gateway.heartbeatRequest' }],
    ['Reconnect', { op: 7, d: null }, { type: 'gateway.reconnect' }],
    ['a resumable Invalid Session', { op: 9, d: true }, { type: 'gateway.invalidSession', resumable: true }],
    ['Invalid Session', { op: 9, d: false }, { type: 'gateway.invalidSession', resumable: false }],
    ['Invalid Session without data', { op: 9 }, { type: 'gateway.invalidSession', resumable: false }],
    ['an ACK', { op: 11 }, { type: 'gateway.heartbeatAck' }],
  ])('%s is sent to the machine with the id of the connection', (_, packet, event) => {
    const { receive, takeLog } = bareConnection();
    receive(packet);
    expect(takeLog()).toEqual([raised(event)]);
  });

  test('an unknown opcode is ignored', () => {
    const { receive, takeLog } = bareConnection();
    receive({ op: 99, d: {} }, { op: 'x' }, {});
    expect(takeLog()).toEqual([]);
  });

  test.each(['null', '42', '"text"', '{"op":0,'])('the message %s ends the connection once', (text) => {
    const { socket, takeLog, receive } = bareConnection();
    socket.emit('message', Buffer.from(text), false);
    receive(dispatch(1));
    socket.emit('close', 1006, Buffer.alloc(0));
    expect(takeLog()).toEqual([raised({ type: 'socket.decodeFailed', reason: expect.any(String), cause: undefined })]);
  });

  test('each frame sets the times of the last frame and the last dispatch', () => {
    const { clock, receive, delegate } = bareConnection();
    receive(dispatch(1));
    clock.advance(10);
    receive({ op: 11 });
    expect(delegate.activityTimes.lastFrameAt).toBe(10);
    expect(delegate.activityTimes.lastDispatchAt).toBe(0);
  });

  test('READY starts a session, and another READY one with its own sequence', () => {
    const { receive, delegate } = bareConnection();
    receive(READY, dispatch(9));
    const first = [delegate.session.id, delegate.session.sequence];
    receive({ ...READY, s: 3, d: { ...READY.d, session_id: 'two' } });
    expect(first).toEqual(['one', 9]);
    expect(delegate.session.id).toBe('two');
    expect(delegate.session.sequence).toBe(3);
  });

  test('dispatches between RESUME and RESUMED count as replayed, later ones do not', () => {
    const { connection, receive, takeLog } = bareConnection();
    receive(READY, dispatch(2));
    connection.execute({ type: 'resume' });
    receive(dispatch(3), dispatch(4), RESUMED, dispatch(5), RESUMED);
    expect(takeLog()).toEqual([
      raised({ type: 'gateway.ready', session: { sessionId: 'one', resumeUrl: 'wss://one.test' } }),
      ['dispatch', 'READY', 'one', 0],
      ['dispatch', 'EVENT', 'one', 0],
      raised({ type: 'gateway.replayStarted' }),
      ['dispatch', 'EVENT', 'one', 0],
      ['dispatch', 'EVENT', 'one', 0],
      raised({ type: 'gateway.resumed' }),
      ['dispatch', 'RESUMED', 'one', 2],
      ['dispatch', 'EVENT', 'one', 0],
      raised({ type: 'gateway.resumed' }),
      ['dispatch', 'RESUMED', 'one', 0],
    ]);
  });

  test('a READY that a replay repeats counts as replayed, and the replay goes on', () => {
    const { connection, receive, takeLog, delegate } = bareConnection();
    delegate.session.restore({
      sessionId: 'one',
      resumeUrl: 'wss://one.test',
      sequence: 0,
      shardId: 0,
      shardCount: 1,
    });
    connection.execute({ type: 'resume' });
    receive(READY, dispatch(2), dispatch(3), RESUMED);
    expect(takeLog().at(-1)).toEqual(['dispatch', 'RESUMED', 'one', 3]);
  });

  test('the READY of another session ends a replay', () => {
    const { connection, receive, takeLog } = bareConnection();
    receive(READY);
    connection.execute({ type: 'resume' });
    receive(dispatch(2), { ...READY, d: { ...READY.d, session_id: 'two' } }, dispatch(3), RESUMED);
    expect(takeLog().at(-1)).toEqual(['dispatch', 'RESUMED', 'two', 0]);
  });

  test('READY without a session id ends the connection', () => {
    const { receive, takeLog, delegate } = bareConnection();
    receive({ op: 0, t: 'READY', s: 1, d: {} }, dispatch(2));
    expect(takeLog()).toEqual([raised({ type: 'socket.decodeFailed', reason: 'READY without a session id' })]);
    expect(delegate.session.identity).toBe(null);
  });

  test.each([
    ['open', [], { type: 'socket.opened' }],
    ['close', [4_000, Buffer.from('why')], { type: 'socket.closed', code: 4_000, reason: 'why' }],
    [
      'error',
      [new Error('ECONNRESET')],
      {
        type: 'socket.failed',
        reason: 'resume.test: ECONNRESET',
        cause: new Error('ECONNRESET'),
        retryAfterMs: null,
      },
    ],
  ])('the socket event "%s" is sent to the machine', (event, args, expected) => {
    const { socket, takeLog } = bareConnection();
    socket.emit(event, ...args);
    expect(takeLog()).toEqual([raised(expected)]);
  });

  test('frames after a socket error are ignored', () => {
    const { socket, receive, takeLog, delegate } = bareConnection();
    socket.emit('error', new Error('ECONNRESET'));
    takeLog();
    receive(dispatch(1), { op: 7 });
    socket.emit('close', 1006, Buffer.alloc(0));
    expect(takeLog()).toEqual([]);
    expect(delegate.activityTimes.lastFrameAt).toBe(null);
  });

  test('a packet is not handled if a `raw` listener detaches the connection', () => {
    const { connection, receive, takeLog, delegate } = bareConnection({ onPacket: () => connection.detach() });
    receive(dispatch(1), { op: 7 });
    expect(takeLog()).toEqual([]);
    expect(delegate.session.sequence).toBe(null);
  });

  test('a connection that a slow listener detaches is not paused', () => {
    const { clock, connection, socket, receive } = bareConnection({
      onPacket: () => {
        clock.sleep(20);
        connection.detach();
      },
    });
    receive({ op: 7 });
    expect(socket.calls).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['a message within maxMessageBytes is handled', 0, [raised({ type: 'gateway.reconnect' })]],
    [
      'a message above maxMessageBytes ends the connection',
      1,
      [raised({ type: 'socket.decodeFailed', reason: 'a message is larger than 100 bytes', cause: undefined })],
    ],
  ])('%s', (_, extraBytes, expected) => {
    const { socket, takeLog } = bareConnection({ maxMessageBytes: 100 });
    socket.emit('message', Buffer.from('{"op":7}'.padEnd(100 + extraBytes)), false);
    expect(takeLog()).toEqual(expected);
  });
});

describe('Connection: heartbeats', () => {
  test('a heartbeat carries the last sequence, and its round trip is measured', () => {
    const { clock, connection, socket, receive, takeLog } = bareConnection();
    receive(dispatch(5));
    takeLog();
    connection.execute({ type: 'heartbeat', scheduled: true });
    clock.advance(42);
    receive({ op: 11 }, { op: 11 });
    const ack = raised({ type: 'gateway.heartbeatAck' });
    expect(socket.calls).toEqual([['send', { op: 1, d: 5 }]]);
    expect(takeLog()).toEqual([ack, ['heartbeat', 42], ack]);
  });

  test('a requested heartbeat is sent within the send limit, a scheduled one always', () => {
    const { connection, socket } = bareConnection();
    for (let count = 0; count < 125; count += 1) connection.execute({ type: 'heartbeat', scheduled: false });
    const requested = socket.calls.length;
    connection.execute({ type: 'heartbeat', scheduled: true });
    expect(requested).toBe(120);
    expect(socket.calls.length).toBe(121);
  });

  test('a late scheduled heartbeat emits `lagged`, a requested one does not', () => {
    const { clock, connection, delegate, takeLog } = bareConnection();
    delegate.heartbeatTracker.scheduleFirst(1_000, 1_000);
    clock.advance(1_600);
    delegate.heartbeatTracker.scheduleNext();
    connection.execute({ type: 'heartbeat', scheduled: false });
    const before = takeLog();
    connection.execute({ type: 'heartbeat', scheduled: true });
    expect(before).toEqual([]);
    expect(takeLog()).toEqual([['lagged', 600]]);
  });

  test('a heartbeat that the socket does not accept awaits no ACK', () => {
    const { connection, delegate, socket } = bareConnection();
    socket.readyState = 2;
    connection.execute({ type: 'heartbeat', scheduled: true });
    expect(socket.calls).toEqual([]);
    expect(delegate.heartbeatTracker.awaitsAck).toBe(false);
    expect(connection.limiter.delayMs('command')).toBe(0);
  });

  test('heartbeat() sends one heartbeat for all callers, and resolves with the round trip', async () => {
    const { clock, connection, socket, receive } = bareConnection();
    const waiting = [connection.heartbeat(), connection.heartbeat()];
    clock.advance(30);
    receive({ op: 11 });
    expect(socket.calls).toEqual([['send', HEARTBEAT]]);
    expect(await Promise.all(waiting)).toEqual([30, 30]);
  });

  test('heartbeat() waits for the send limit, sends one heartbeat, and another for the next call', async () => {
    const { clock, connection, socket, receive } = bareConnection();
    for (let count = 0; count < 120; count += 1) connection.transmit('command', '{"op":3}');
    const waiting = [connection.heartbeat(), connection.heartbeat()];
    clock.advance(60_499);
    const before = socket.calls.length;
    clock.advance(1);
    receive({ op: 11 });
    const next = connection.heartbeat();
    receive({ op: 11 });
    expect(before).toBe(120);
    expect(socket.calls.slice(120)).toEqual([
      ['send', HEARTBEAT],
      ['send', HEARTBEAT],
    ]);
    expect(await Promise.all([...waiting, next])).toEqual([0, 0, 0]);
  });

  test('heartbeat() rejects when the connection is detached before it is sent', async () => {
    const { clock, connection, socket } = bareConnection();
    for (let count = 0; count < 120; count += 1) connection.transmit('command', '{"op":3}');
    const waiting = connection.heartbeat();
    connection.detach();
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(clock.pending).toBe(0);
    expect(socket.calls.length).toBe(120);
  });
});

describe('Connection: handshake', () => {
  test.each([
    ['IDENTIFY uses its permit when it is sent', 1, ['sent']],
    ['IDENTIFY releases its permit when the socket does not accept it', 2, ['release']],
  ])('%s', (_, readyState, outcomes) => {
    const permit = {
      outcomes: [] as string[],
      sent: () => void permit.outcomes.push('sent'),
      release: () => void permit.outcomes.push('release'),
    };
    const permits = [permit];
    const { connection, socket } = bareConnection({ consumePermit: () => permits.pop() ?? null });
    socket.readyState = readyState;
    connection.execute({ type: 'identify' });
    expect(socket.calls).toEqual(readyState === 1 ? [['send', { op: 2 }]] : []);
    expect(permit.outcomes).toEqual(outcomes);
  });

  test('IDENTIFY without a permit is dropped by a socket that does not accept it', () => {
    const { connection, socket } = bareConnection();
    socket.readyState = 2;
    connection.execute({ type: 'identify' });
    expect(socket.calls).toEqual([]);
  });

  test('the permit is released once when the connection is detached before IDENTIFY', () => {
    const release = vi.fn<() => void>();
    const { connection } = bareConnection({ consumePermit: () => ({ sent: () => undefined, release }) });
    connection.detach();
    connection.detach();
    expect(release).toHaveBeenCalledTimes(1);
  });

  test('RESUME is not sent without a session', () => {
    const { connection, socket } = bareConnection({ resumePayload: () => null });
    connection.execute({ type: 'resume' });
    expect(socket.calls).toEqual([]);
  });
});

describe('Connection: flushReads', () => {
  const drained = raised({ type: 'socket.readsFlushed' });

  test('reports the lag, resumes reading, and ends after a turn in which no frame arrives', () => {
    const { clock, connection, socket, delegate, receive, takeLog } = bareConnection();
    delegate.heartbeatTracker.scheduleFirst(1_000, 1_000);
    clock.advance(1_500);
    connection.execute({ type: 'flushReads' });
    receive(dispatch(1));
    const before = takeLog();
    clock.next();
    const afterFirstTurn = takeLog();
    clock.next();
    expect(before).toEqual([
      ['lagged', 500],
      ['dispatch', 'EVENT', null, 0],
    ]);
    expect(afterFirstTurn).toEqual([]);
    expect(takeLog()).toEqual([drained]);
    expect(clock.pending).toBe(0);
    expect(socket.calls).toEqual([['resume'], ['resume']]);
  });

  test('sends no event after the connection is detached', () => {
    const { clock, connection, socket, receive, takeLog } = bareConnection();
    connection.execute({ type: 'flushReads' });
    receive({ op: 11 });
    takeLog();
    connection.detach();
    clock.next();
    expect(takeLog()).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(socket.calls).toEqual([['resume']]);
  });
});

describe('Connection: maxDispatchSilenceMs', () => {
  test('the machine is notified when no dispatch has arrived for that time since the last one', () => {
    const { clock, receive, takeLog } = bareConnection({ maxDispatchSilenceMs: 1_000 });
    receive(READY);
    clock.advance(600);
    receive(dispatch(2));
    takeLog();
    clock.advance(999);
    const before = takeLog();
    clock.advance(1);
    expect(before).toEqual([]);
    expect(takeLog()).toEqual([raised({ type: 'socket.dispatchTimeout' })]);
    expect(clock.pending).toBe(0);
  });

  test.each([[[READY]], [[RESUMED]], [[READY, RESUMED]]])('one timer runs after READY and RESUMED: %j', (packets) => {
    const { clock, connection, receive } = bareConnection({ maxDispatchSilenceMs: 1_000 });
    const before = clock.pending;
    receive(...packets);
    const watched = clock.pending;
    connection.detach();
    expect(before).toBe(0);
    expect(watched).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['before the time is over', 500],
    ['for longer than that time', 5_000],
  ])('the time begins when the consumer no longer pauses the socket, which was %s', (_, pausedMs) => {
    const { clock, connection, receive, takeLog } = bareConnection({ maxDispatchSilenceMs: 1_000 });
    receive(READY);
    clock.advance(400);
    connection.pauseReading();
    clock.advance(pausedMs);
    connection.resumeReading();
    takeLog();
    clock.advance(999);
    const before = takeLog();
    clock.advance(1);
    expect(before).toEqual([]);
    expect(takeLog()).toEqual([raised({ type: 'socket.dispatchTimeout' })]);
  });

  test('the answer to a probe is not missing while the consumer pauses the socket', () => {
    const dispatchProbe = { waitMs: 0, next: () => '{"op":8}' } as DispatchProbe;
    const { clock, connection, receive, takeLog, socket } = bareConnection({
      maxDispatchSilenceMs: 1_000,
      dispatchProbe,
    });
    const probes = (): number => socket.calls.filter(([name]) => name === 'send').length;
    receive(READY);
    takeLog();
    clock.advance(1_000);
    expect(probes()).toBe(1);
    clock.advance(9_000);
    connection.pauseReading();
    clock.advance(60_000);
    connection.resumeReading();
    expect(probes()).toBe(1);
    clock.advance(1_000);
    expect(probes()).toBe(2);
    clock.advance(9_999);
    expect(takeLog()).toEqual([]);
    clock.advance(1);
    expect(takeLog()).toEqual([raised({ type: 'socket.dispatchTimeout' })]);
  });

  test('no timer runs without the option', () => {
    const { clock, receive } = bareConnection();
    receive(READY);
    expect(clock.pending).toBe(0);
  });
});

describe('Connection: back-pressure', () => {
  test('pauseReading() pauses the socket and resumeReading() resumes it', () => {
    const { connection, socket } = bareConnection();
    connection.pauseReading();
    connection.resumeReading();
    expect(connection.transmit('command', '{"op":3}')).toBe(true);
    expect(socket.calls).toEqual([['pause'], ['resume'], ['send', { op: 3 }]]);
  });
});
