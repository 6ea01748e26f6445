/** How a connection closes its socket, and what it ignores afterwards. */
import { describe, expect, test, vi } from 'vitest';
import { ZlibStreamDecoder } from '../../src/decoding/stream-decoder.ts';
import { bareConnection } from './bare-connection.ts';

describe('Connection: closing', () => {
  test('close() with a code resumes reading, sends a close frame with a cut reason, and calls back', () => {
    const { connection, socket } = bareConnection();
    const onClosed = vi.fn<() => void>();
    connection.close(4_000, 'r'.repeat(200), onClosed);
    const before = onClosed.mock.calls.length;
    socket.emit('close', 4_000, Buffer.alloc(0));
    expect(socket.calls).toEqual([['resume'], ['close', 4_000, 'r'.repeat(123)]]);
    expect(before).toBe(0);
    expect(onClosed.mock.calls.length).toBe(1);
  });

  test.each([
    ['without a code terminates the socket', 1, null],
    ['of a socket that is not open terminates it', 0, 4_000],
  ])('close() %s', (_, readyState, code) => {
    const { connection, socket } = bareConnection();
    const onClosed = vi.fn<() => void>();
    socket.readyState = readyState;
    connection.close(code, 'reason', onClosed);
    socket.emit('close', 1006, Buffer.alloc(0));
    expect(socket.calls).toEqual([['terminate']]);
    expect(onClosed.mock.calls.length).toBe(1);
  });

  test('close() of a closed socket calls back at once', () => {
    const { connection, socket } = bareConnection();
    const onClosed = vi.fn<() => void>();
    socket.readyState = 3;
    connection.close(4_000, 'reason', onClosed);
    connection.terminate();
    expect(socket.calls).toEqual([]);
    expect(onClosed.mock.calls.length).toBe(1);
  });

  test.each([
    [1, [['close', 4_000], ['terminate']]],
    [0, [['terminate']]],
  ])(
    'abort() sends the close frame if the socket is open, and terminates it (readyState %i)',
    (readyState, expectedCalls) => {
      const { connection, socket, receive, takeLog } = bareConnection();
      socket.readyState = readyState;
      connection.abort(4_000);
      receive({ op: 7 });
      expect(socket.calls).toEqual(expectedCalls);
      expect(takeLog()).toEqual([]);
    },
  );

  test('abort() does nothing with a closed socket', () => {
    const { connection, socket } = bareConnection();
    socket.readyState = 3;
    connection.abort(4_000);
    expect(socket.calls).toEqual([]);
  });

  test('after close() the connection ignores frames', () => {
    const { connection, receive, takeLog } = bareConnection();
    connection.close(4_000, 'reason', () => undefined);
    receive({ op: 7 });
    expect(takeLog()).toEqual([]);
  });

  test('detach() leaves no timer while the socket is paused for a turn', () => {
    const { clock, connection, socket, receive } = bareConnection({ onPacket: () => clock.sleep(20) });
    connection.pauseReading();
    receive({ op: 11 });
    const before = clock.pending;
    connection.detach();
    connection.resumeReading();
    expect(before).toBe(1);
    expect(clock.pending).toBe(0);
    expect(socket.calls).toEqual([['pause']]);
  });

  test('after detach() a consumer cannot resume the socket', () => {
    const { connection, socket } = bareConnection();
    connection.pauseReading();
    connection.detach();
    connection.resumeReading();
    expect(socket.calls).toEqual([['pause']]);
  });

  test('after detach() heartbeat() rejects and sends nothing', async () => {
    const { connection, socket, clock } = bareConnection();
    connection.detach();
    await expect(connection.heartbeat()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(socket.calls).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('a dispatch whose corrupt data are read after detach() counts as received', () => {
    const reads: unknown[] = [];
    const { socket, connection, delegate, takeLog } = bareConnection({
      decodeHintFor: () => 'unlikely',
      onDispatch: (dispatch) => {
        connection.detach();
        try {
          reads.push(dispatch.d);
        } catch (error) {
          reads.push(error);
        }
      },
    });
    socket.emit('message', Buffer.from('{"t":"EVENT","s":5,"op":0,"d":{damaged}}'), false);
    expect(reads).toEqual([expect.objectContaining({ code: 'DECODE_FAILED' })]);
    expect(delegate.session.sequence).toBe(5);
    expect(takeLog()).toEqual([]);
  });

  test('detach() closes the decoder', () => {
    const close = vi.spyOn(ZlibStreamDecoder.prototype, 'close');
    const { connection } = bareConnection({ compression: 'zlib-stream' });
    connection.detach();
    expect(close).toHaveBeenCalledTimes(1);
    close.mockRestore();
  });

  test('after terminate() the connection ignores frames', () => {
    const { connection, socket, receive, takeLog } = bareConnection();
    connection.terminate();
    receive({ op: 7 });
    expect(socket.calls).toEqual([['terminate']]);
    expect(takeLog()).toEqual([]);
  });

  test('after detach() nothing is sent, paused or resumed', () => {
    const { connection, socket } = bareConnection();
    connection.detach();
    connection.execute({ type: 'heartbeat', scheduled: true });
    connection.execute({ type: 'identify' });
    connection.execute({ type: 'resume' });
    connection.execute({ type: 'flushReads' });
    connection.pauseReading();
    connection.resumeReading();
    expect(connection.transmit('command', '{}')).toBe(false);
    expect(socket.calls).toEqual([]);
  });
});
