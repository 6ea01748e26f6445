/** How a connection lets its socket go. */
import { describe, expect, test, vi } from 'vitest';
import { ZlibStreamDecoder } from '../../src/decoding/stream-decoder.ts';
import { bareConnection } from './bare-connection.ts';

describe('letting go', () => {
  test('with a code reads on and sends a close frame with at most 123 bytes of reason, and says when it is closed', () => {
    const { connection, socket } = bareConnection();
    const gone = vi.fn<() => void>();
    connection.close(4_000, 'r'.repeat(200), gone);
    const before = gone.mock.calls.length;
    socket.emit('close', 4_000, Buffer.alloc(0));
    expect(socket.calls).toEqual([['resume'], ['close', 4_000, 'r'.repeat(123)]]);
    expect(before).toBe(0);
    expect(gone.mock.calls.length).toBe(1);
  });

  test.each([
    ['without a code', 1, null],
    ['of one that is not open', 0, 4_000],
  ])('%s sends none', (_, readyState, code) => {
    const { connection, socket } = bareConnection();
    const gone = vi.fn<() => void>();
    socket.readyState = readyState;
    connection.close(code, 'reason', gone);
    socket.emit('close', 1006, Buffer.alloc(0));
    expect(socket.calls).toEqual([['terminate']]);
    expect(gone.mock.calls.length).toBe(1);
  });

  test('of one that is closed is done at once', () => {
    const { connection, socket } = bareConnection();
    const gone = vi.fn<() => void>();
    socket.readyState = 3;
    connection.close(4_000, 'reason', gone);
    connection.terminate();
    expect(socket.calls).toEqual([]);
    expect(gone.mock.calls.length).toBe(1);
  });

  test.each([
    [1, [['close', 4_000], ['terminate']]],
    [0, [['terminate']]],
  ])('at once hands out the close frame if it can (readyState %i)', (readyState, asked) => {
    const { connection, socket, receive, takeLog } = bareConnection();
    socket.readyState = readyState;
    connection.abort(4_000);
    receive({ op: 7 });
    expect(socket.calls).toEqual(asked);
    expect(takeLog()).toEqual([]);
  });

  test('at once of one that is closed asks nothing more of it', () => {
    const { connection, socket } = bareConnection();
    socket.readyState = 3;
    connection.abort(4_000);
    expect(socket.calls).toEqual([]);
  });

  test('with a code hears nothing more', () => {
    const { connection, receive, takeLog } = bareConnection();
    connection.close(4_000, 'reason', () => undefined);
    receive({ op: 7 });
    expect(takeLog()).toEqual([]);
  });

  test('while it rests leaves no timer', () => {
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

  test('while a consumer holds it leaves it no way to make it go on', () => {
    const { connection, socket } = bareConnection();
    connection.pauseReading();
    connection.detach();
    connection.resumeReading();
    expect(socket.calls).toEqual([['pause']]);
  });

  test('means that it beats no more: whoever asks is told', async () => {
    const { connection, socket, clock } = bareConnection();
    connection.detach();
    await expect(connection.heartbeat()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(socket.calls).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('while a dispatch is given out counts it as received, though its data turn out to be damaged', () => {
    const reads: unknown[] = [];
    const { socket, connection, delegate, takeLog } = bareConnection({
      decodeHintFor: () => 'unlikely',
      onDispatch: (given) => {
        connection.detach();
        try {
          reads.push(given.d);
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

  test('closes the decompression context', () => {
    const close = vi.spyOn(ZlibStreamDecoder.prototype, 'close');
    const { connection } = bareConnection({ compression: 'zlib-stream' });
    connection.detach();
    expect(close).toHaveBeenCalledTimes(1);
    close.mockRestore();
  });

  test('by terminating hears nothing more', () => {
    const { connection, socket, receive, takeLog } = bareConnection();
    connection.terminate();
    receive({ op: 7 });
    expect(socket.calls).toEqual([['terminate']]);
    expect(takeLog()).toEqual([]);
  });

  test('means that nothing is sent, paused or resumed', () => {
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
