import { describe, expect, test, vi } from 'vitest';
import { bareConnection, dispatch, raised } from './bare-connection.ts';

const READY = { op: 0, t: 'READY', s: 1, d: { session_id: 'one', resume_gateway_url: 'wss://one.test' } };
const RESUMED = { op: 0, t: 'RESUMED', s: 4, d: {} };
const beat = { op: 1, d: null };

describe('what arrives', () => {
  test.each([
    ['HELLO', { op: 10, d: { heartbeat_interval: 41_250 } }, { type: 'gateway.hello', heartbeatIntervalMs: 41_250 }],
    ['a request to beat', { op: 1, d: null }, { type: 'gateway.heartbeatRequest' }],
    ['a request to reconnect', { op: 7, d: null }, { type: 'gateway.reconnect' }],
    ['Invalid Session that may be resumed', { op: 9, d: true }, { type: 'gateway.invalidSession', resumable: true }],
    ['Invalid Session', { op: 9, d: false }, { type: 'gateway.invalidSession', resumable: false }],
    ['Invalid Session that says nothing', { op: 9 }, { type: 'gateway.invalidSession', resumable: false }],
    ['an ACK', { op: 11 }, { type: 'gateway.heartbeatAck' }],
  ])('as %s is told to the machine, with the connection it came from', (_, packet, event) => {
    const { receive, takeLog } = bareConnection();
    receive(packet);
    expect(takeLog()).toEqual([raised(event)]);
  });

  test('as an unknown opcode is ignored', () => {
    const { receive, takeLog } = bareConnection();
    receive({ op: 99, d: {} }, { op: 'x' }, {});
    expect(takeLog()).toEqual([]);
  });

  test.each(['null', '42', '"text"', '{"op":0,'])('as %s ends the connection, once', (text) => {
    const { socket, takeLog, receive } = bareConnection();
    socket.emit('message', Buffer.from(text), false);
    receive(dispatch(1));
    socket.emit('close', 1006, Buffer.alloc(0));
    expect(takeLog()).toEqual([raised({ type: 'socket.decodeFailed', reason: expect.any(String), cause: undefined })]);
  });

  test('sets the times of the last frame and the last dispatch', () => {
    const { clock, receive, delegate } = bareConnection();
    receive(dispatch(1));
    clock.advance(10);
    receive({ op: 11 });
    expect(delegate.activityTimes).toEqual({ lastFrameAt: 10, lastDispatchAt: 0 });
  });

  test('as READY begins a session, and another at its own sequence', () => {
    const { receive, delegate } = bareConnection();
    receive(READY, dispatch(9));
    const first = [delegate.session.id, delegate.session.sequence];
    receive({ ...READY, s: 3, d: { ...READY.d, session_id: 'two' } });
    expect(first).toEqual(['one', 9]);
    expect(delegate.session.id).toBe('two');
    expect(delegate.session.sequence).toBe(3);
  });

  test('is counted as replayed from RESUME to RESUMED, and no further', () => {
    const { connection, receive, takeLog } = bareConnection();
    receive(READY, dispatch(2));
    connection.execute({ type: 'resume' });
    receive(dispatch(3), dispatch(4), RESUMED, dispatch(5), RESUMED);
    expect(takeLog()).toEqual([
      raised({ type: 'gateway.ready', session: { sessionId: 'one', resumeUrl: 'wss://one.test' } }),
      ['dispatch', 'READY', 'one', 0],
      ['dispatch', 'EVENT', 'one', 0],
      ['dispatch', 'EVENT', 'one', 0],
      ['dispatch', 'EVENT', 'one', 0],
      raised({ type: 'gateway.resumed' }),
      ['dispatch', 'RESUMED', 'one', 2],
      ['dispatch', 'EVENT', 'one', 0],
      raised({ type: 'gateway.resumed' }),
      ['dispatch', 'RESUMED', 'one', 0],
    ]);
  });

  test('as READY without a session ends the connection', () => {
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
      { type: 'socket.failed', reason: 'ECONNRESET', cause: new Error('ECONNRESET') },
    ],
  ])('from the socket as "%s" is told to the machine', (event, args, told) => {
    const { socket, takeLog } = bareConnection();
    socket.emit(event, ...args);
    expect(takeLog()).toEqual([raised(told)]);
  });

  test('after an error is not looked at', () => {
    const { socket, receive, takeLog, delegate } = bareConnection();
    socket.emit('error', new Error('ECONNRESET'));
    takeLog();
    receive(dispatch(1), { op: 7 });
    socket.emit('close', 1006, Buffer.alloc(0));
    expect(takeLog()).toEqual([]);
    expect(delegate.activityTimes.lastFrameAt).toBe(null);
  });

  test('is not looked at further when a listener ends the connection with it', () => {
    const { connection, receive, takeLog, delegate } = bareConnection({ onPacket: () => connection.detach() });
    receive(dispatch(1), { op: 7 });
    expect(takeLog()).toEqual([]);
    expect(delegate.session.sequence).toBe(null);
  });

  test('keeps a connection that a listener ends with it, after long work, from resting: nobody would wake it', () => {
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
    ['within the limit is taken', 0, [raised({ type: 'gateway.reconnect' })]],
    [
      'above the limit ends the connection',
      1,
      [raised({ type: 'socket.decodeFailed', reason: 'a message is larger than 100 bytes', cause: undefined })],
    ],
  ])('%s', (_, more, told) => {
    const { socket, takeLog } = bareConnection({ maxMessageBytes: 100 });
    socket.emit('message', Buffer.from('{"op":7}'.padEnd(100 + more)), false);
    expect(takeLog()).toEqual(told);
  });
});

describe('a beat', () => {
  test('carries the last sequence, and its answer is measured', () => {
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

  test('that the gateway asks for is sent while there is room, one that is due always', () => {
    const { connection, socket } = bareConnection();
    for (let beats = 0; beats < 125; beats += 1) connection.execute({ type: 'heartbeat', scheduled: false });
    const asked = socket.calls.length;
    connection.execute({ type: 'heartbeat', scheduled: true });
    expect(asked).toBe(120);
    expect(socket.calls.length).toBe(121);
  });

  test('that is due and late is told of, one that the gateway asks for is not', () => {
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

  test('that a socket does not take is not waited for', () => {
    const { connection, delegate, socket } = bareConnection();
    socket.readyState = 2;
    connection.execute({ type: 'heartbeat', scheduled: true });
    expect(socket.calls).toEqual([]);
    expect(delegate.heartbeatTracker.awaitsAck).toBe(false);
    expect(connection.limiter.delayMs('command')).toBe(0);
  });

  test('out of schedule is sent once however many wait for its answer, and gives them the round trip', async () => {
    const { clock, connection, socket, receive } = bareConnection();
    const waiting = [connection.heartbeat(), connection.heartbeat()];
    clock.advance(30);
    receive({ op: 11 });
    expect(socket.calls).toEqual([['send', beat]]);
    expect(await Promise.all(waiting)).toEqual([30, 30]);
  });

  test('out of schedule waits for room, is then sent once, and again the next time', async () => {
    const { clock, connection, socket, receive } = bareConnection();
    for (let frames = 0; frames < 120; frames += 1) connection.transmit('command', '{"op":3}');
    const waiting = [connection.heartbeat(), connection.heartbeat()];
    clock.advance(60_499);
    const before = socket.calls.length;
    clock.advance(1);
    receive({ op: 11 });
    const next = connection.heartbeat();
    receive({ op: 11 });
    expect(before).toBe(120);
    expect(socket.calls.slice(120)).toEqual([
      ['send', beat],
      ['send', beat],
    ]);
    expect(await Promise.all([...waiting, next])).toEqual([0, 0, 0]);
  });

  test('out of schedule is not sent any more once the connection is let go, and whoever waits is told', async () => {
    const { clock, connection, socket } = bareConnection();
    for (let frames = 0; frames < 120; frames += 1) connection.transmit('command', '{"op":3}');
    const waiting = connection.heartbeat();
    connection.detach();
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(clock.pending).toBe(0);
    expect(socket.calls.length).toBe(120);
  });
});

describe('IDENTIFY', () => {
  test.each([
    ['counts for its permit when it is sent', 1, ['sent']],
    ['gives its permit back when the socket does not take it', 2, ['release']],
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

  test('without a permit is given up quietly by a socket that does not take it', () => {
    const { connection, socket } = bareConnection();
    socket.readyState = 2;
    connection.execute({ type: 'identify' });
    expect(socket.calls).toEqual([]);
  });

  test('that is not sent before the connection is let go gives its permit back', () => {
    const release = vi.fn<() => void>();
    const { connection } = bareConnection({ consumePermit: () => ({ sent: () => undefined, release }) });
    connection.detach();
    connection.detach();
    expect(release).toHaveBeenCalledTimes(1);
  });
});

test('RESUME is not sent without a session', () => {
  const { connection, socket } = bareConnection({ resumePayload: () => null });
  connection.execute({ type: 'resume' });
  expect(socket.calls).toEqual([]);
});

describe('draining', () => {
  const drained = raised({ type: 'socket.readsFlushed' });

  test('tells how late it is, reads on, and is over after a turn in which nothing came', () => {
    const { clock, connection, socket, delegate, receive, takeLog } = bareConnection();
    delegate.heartbeatTracker.scheduleFirst(1_000, 1_000);
    clock.advance(1_500);
    connection.execute({ type: 'flushReads' });
    receive(dispatch(1));
    const before = takeLog();
    clock.next();
    const still = takeLog();
    clock.next();
    expect(before).toEqual([
      ['lagged', 500],
      ['dispatch', 'EVENT', null, 0],
    ]);
    expect(still).toEqual([]);
    expect(takeLog()).toEqual([drained]);
    expect(clock.pending).toBe(0);
    expect(socket.calls).toEqual([['resume'], ['resume']]);
  });

  test('says nothing once the connection is let go', () => {
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

describe('silence', () => {
  test('is told of when no dispatch came for as long as it may take, counted from the last one', () => {
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

  test.each([[[READY]], [[RESUMED]], [[READY, RESUMED]]])(
    'is watched by one timer, from READY and from RESUMED on: %j',
    (packets) => {
      const { clock, connection, receive } = bareConnection({ maxDispatchSilenceMs: 1_000 });
      const before = clock.pending;
      receive(...packets);
      const watched = clock.pending;
      connection.detach();
      expect(before).toBe(0);
      expect(watched).toBe(1);
      expect(clock.pending).toBe(0);
    },
  );

  test('is not watched unless somebody wants it', () => {
    const { clock, receive } = bareConnection();
    receive(READY);
    expect(clock.pending).toBe(0);
  });
});

test('a consumer that can not keep up stops the socket, and lets it go on', () => {
  const { connection, socket } = bareConnection();
  connection.pauseReading();
  connection.resumeReading();
  expect(connection.transmit('command', '{"op":3}')).toBe(true);
  expect(socket.calls).toEqual([['pause'], ['resume'], ['send', { op: 3 }]]);
});
