import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Shard } from '../../src/index.ts';
import type { Compression } from '../../src/index.ts';
import { liveShard, nextEvent, reaches } from '../kit/live-shard.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN, readyShard } from '../kit/virtual-shard.ts';

/** A TCP server that misbehaves towards each client that connects. */
async function brokenServer(onConnection: (socket: import('node:net').Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as import('node:net').AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

const BROKEN_SERVERS: Record<string, { scheme: string; onConnection: (socket: import('node:net').Socket) => void }> = {
  'HTTP 520': {
    scheme: 'ws',
    onConnection: (socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 520 Unknown\r\nContent-Length: 0\r\n\r\n')),
  },
  'a reset': { scheme: 'ws', onConnection: (socket) => socket.once('data', () => socket.resetAndDestroy()) },
  'an end': { scheme: 'ws', onConnection: (socket) => void socket.end() },
  'no HTTP at all': {
    scheme: 'ws',
    onConnection: (socket) => socket.once('data', () => socket.end('220 smtp.test ESMTP\r\n')),
  },
  'a TLS error': {
    scheme: 'wss',
    onConnection: (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  },
  'a bad upgrade': {
    scheme: 'ws',
    onConnection: (socket) =>
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n',
        ),
      ),
  },
};

// Vitest fails the run after an uncaught exception or an unhandled rejection, so no test has to check for them.
describe('Shard: faults', () => {
  test.each(Object.keys(BROKEN_SERVERS))(
    '34. %s while connecting causes no uncaught error, and the shard tries again',
    async (name) => {
      const { scheme, onConnection } = BROKEN_SERVERS[name]!;
      let attempts = 0;
      const { promise: second, resolve } = Promise.withResolvers<void>();
      await using server = await brokenServer((socket) => {
        attempts += 1;
        if (attempts === 2) resolve();
        onConnection(socket);
      });
      const shard = new Shard({ token: TOKEN, intents: 0, url: `${scheme}://127.0.0.1:${server.port}`, timing: QUICK });
      void shard.connect();
      await second;
      await shard.disconnect();
      expect(attempts).toBeGreaterThanOrEqual(2);
    },
  );

  test('34. an unreachable host is a fault with its cause', async () => {
    const shard = new Shard({ token: TOKEN, intents: 0, url: 'ws://127.0.0.1:1', timing: QUICK });
    void shard.connect();
    const fault = await nextEvent(shard, 'fault');
    await shard.disconnect();
    expect(fault.code).toBe('CONNECTION_FAILED');
    expect((fault.cause as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
  });

  test.each(['none', 'payload', 'zlib-stream', 'zstd-stream'] as Compression[])(
    '35. a corrupt frame (%s) is one fault: the shard resumes with a new decoder and loses nothing',
    async (compression) => {
      await using kit = await liveShard({ compression });
      const { gateway, shard, events } = kit;
      await shard.connect();
      gateway.dispatch('BEFORE', { text: 'x'.repeat(2_000) });
      gateway.connections[0]!.corrupt();
      gateway.dispatch('AFTER', { text: 'y'.repeat(2_000) });
      await nextEvent(shard, 'dispatch', ({ t }) => t === 'RESUMED');
      expect(events.faults).toEqual(['DECODE_FAILED']);
      expect(events.dispatched.filter((t) => t !== 'GUILD_CREATE')).toEqual(['READY', 'BEFORE', 'AFTER', 'RESUMED']);
      expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1, violations: [] });
    },
  );

  test.each(['{"op":0,', 'null', '[]x', '42', ''])(
    '35. the text frame %j is one fault, and the shard resumes',
    async (text) => {
      await using kit = await liveShard({ compression: 'none' });
      const { gateway, shard, events } = kit;
      await shard.connect();
      gateway.connections[0]!.sendRaw(text);
      await nextEvent(shard, 'resumed');
      expect(events.faults).toEqual(['DECODE_FAILED']);
    },
  );

  test('35. the shard ignores late frames of an old socket', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    const [old] = gateway.sockets;
    gateway.answers.close = false;
    void shard.reconnect();
    await clock.advanceAsync(2_000);
    const before = events.all.length;
    old!.readyState = 1;
    old!.receive({ op: 0, t: 'MESSAGE_CREATE', s: 900, d: {} });
    old!.receive({ op: 9, d: false });
    old!.receive({ op: 7, d: null });
    old!.end(4004);
    expect(events.all.slice(before)).toEqual([]);
    expect(shard.state).toBe('ready');
    expect(shard.lastSequence).toBe(2);
    expect(gateway.sockets).toHaveLength(2);
  });

  test('36. listeners, loggers, stores and inspectors that throw cause no uncaught error, and the shard stays usable', async () => {
    await using kit = await liveShard({
      compression: 'none',
      inspect: () => {
        throw new Error('a faulty inspector');
      },
      logger: { debug: throwError, info: throwError, warn: throwError, error: throwError },
      sessionStore: { load: async () => throwError(), save: async () => throwError(), clear: () => throwError() },
    });
    const { gateway, shard } = kit;
    for (const name of [
      'stateChange',
      'connected',
      'hello',
      'ready',
      'raw',
      'dispatch',
      'fault',
      'disconnected',
      'heartbeat',
      'resumed',
    ] as const) {
      shard.on(name, throwError);
      shard.on(name, async () => throwError());
    }
    shard.onDispatch('READY', throwError);
    shard
      .connect()
      .then(throwError, throwError)
      .catch(() => undefined);
    await reaches(shard, 'ready');
    const malformed = [
      '{"op":0}',
      '{"op":0,"t":5,"s":"x"}',
      '{"op":"x"}',
      '{}',
      '{"op":9}',
      '{"op":10}',
      '{"op":0,"t":"READY","s":1,"d":null}',
    ];
    for (const text of malformed) {
      await reaches(shard, 'ready');
      gateway.connections.at(-1)!.sendRaw(text);
      gateway.connections.at(-1)!.requestHeartbeat();
      await nextEvent(shard, 'heartbeat').catch(() => undefined);
    }
    await reaches(shard, 'ready');
    await shard.disconnect();
    expect(shard.state).toBe('disconnected');
  });

  test('38. shard.health says when the last frame, ACK and dispatch came', async () => {
    const { clock, gateway, shard } = await readyShard();
    const readyAt = gateway.sent(2)[0]!.at + 1;
    expect(shard.health).toEqual({ lastFrameAt: readyAt, lastAckAt: null, lastDispatchAt: readyAt });
    await clock.advanceAsync(25_000);
    const ackAt = gateway.sent(1)[0]!.at + 1;
    expect(shard.health).toEqual({ lastFrameAt: ackAt, lastAckAt: ackAt, lastDispatchAt: readyAt });
  });

  test('38. with maxDispatchSilenceMs a ready shard without dispatches resumes; by default it does not', async () => {
    const unlimited = await readyShard();
    await unlimited.clock.advanceAsync(3_600_000);
    expect(unlimited.gateway.sockets).toHaveLength(1);
    const { clock, gateway, shard, events } = await readyShard({ timing: { maxDispatchSilenceMs: 60_000 } });
    await clock.advanceAsync(50_000);
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(59_000);
    expect(gateway.sockets).toHaveLength(1);
    await clock.advanceAsync(2_000);
    expect(events.faults).toEqual(['DISPATCH_SILENCE']);
    expect(gateway.sockets[0]!.closedWith).toBe(4000);
    expect(gateway.last.sentOps()[0]).toBe(6);
    expect(shard.state).toBe('ready');
  });
});

function throwError(): never {
  throw new Error('a bug of the bot');
}
