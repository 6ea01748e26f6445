import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Shard } from '../../src/index.ts';
import type { Compression } from '../../src/index.ts';
import { liveShard, nextEvent, reaches } from '../kit/live-shard.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN, readyShard } from '../kit/virtual-shard.ts';

/** A TCP server that does one thing to whoever connects. */
async function rudeServer(greet: (socket: import('node:net').Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    greet(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as import('node:net').AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

const RUDE: Record<string, { scheme: string; greet: (socket: import('node:net').Socket) => void }> = {
  'HTTP 520': {
    scheme: 'ws',
    greet: (socket) => socket.once('data', () => socket.end('HTTP/1.1 520 Unknown\r\nContent-Length: 0\r\n\r\n')),
  },
  'a reset': { scheme: 'ws', greet: (socket) => socket.once('data', () => socket.resetAndDestroy()) },
  'an end': { scheme: 'ws', greet: (socket) => void socket.end() },
  'no HTTP at all': {
    scheme: 'ws',
    greet: (socket) => socket.once('data', () => socket.end('220 smtp.test ESMTP\r\n')),
  },
  'a TLS error': {
    scheme: 'wss',
    greet: (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  },
  'a bad upgrade': {
    scheme: 'ws',
    greet: (socket) =>
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n',
        ),
      ),
  },
};

// An uncaught exception or an unhandled rejection fails the run: vitest counts both as errors.
describe('faults', () => {
  test.each(Object.keys(RUDE))(
    '34. %s while connecting, with no listeners: no uncaught error, and another attempt',
    async (name) => {
      const { scheme, greet } = RUDE[name]!;
      let attempts = 0;
      const { promise: second, resolve } = Promise.withResolvers<void>();
      await using server = await rudeServer((socket) => {
        attempts += 1;
        if (attempts === 2) resolve();
        greet(socket);
      });
      const shard = new Shard({ token: TOKEN, intents: 0, url: `${scheme}://127.0.0.1:${server.port}`, timing: QUICK });
      void shard.connect();
      await second;
      await shard.disconnect();
      expect(attempts).toBeGreaterThanOrEqual(2);
    },
  );

  test('34. a host that does not exist is a fault with its cause, not an uncaught error', async () => {
    const shard = new Shard({ token: TOKEN, intents: 0, url: 'ws://127.0.0.1:1', timing: QUICK });
    void shard.connect();
    const fault = await nextEvent(shard, 'fault');
    await shard.disconnect();
    expect([fault.code, (fault.cause as NodeJS.ErrnoException).code]).toEqual(['CONNECTION_FAILED', 'ECONNREFUSED']);
  });

  test.each(['none', 'payload', 'zlib-stream', 'zstd-stream'] as Compression[])(
    '35. a corrupt frame (%s): one fault, a new decoder, RESUME, nothing lost',
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

  test.each(['{"op":0,', 'null', '[]x', '42', ''])('35. the text frame %j is one fault and a RESUME', async (text) => {
    await using kit = await liveShard({ compression: 'none' });
    const { gateway, shard, events } = kit;
    await shard.connect();
    gateway.connections[0]!.sendRaw(text);
    await nextEvent(shard, 'resumed');
    expect(events.faults).toEqual(['DECODE_FAILED']);
  });

  test('35. a late frame of an old socket is ignored', async () => {
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
    expect([shard.state, shard.lastSequence, gateway.sockets.length]).toEqual(['ready', 2, 2]);
  });

  test('36. whoever listens, whoever throws, whatever comes in: nothing is uncaught, and the shard goes on', async () => {
    await using kit = await liveShard({
      compression: 'none',
      inspect: () => {
        throw new Error('a bad inspector');
      },
      logger: { debug: boom, info: boom, warn: boom, error: boom },
      sessionStore: { load: async () => boom(), save: async () => boom(), clear: () => boom() },
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
      shard.on(name, boom);
      shard.on(name, async () => boom());
    }
    shard.onDispatch('READY', boom);
    shard
      .connect()
      .then(boom, boom)
      .catch(() => undefined);
    await reaches(shard, 'ready');
    const odd = [
      '{"op":0}',
      '{"op":0,"t":5,"s":"x"}',
      '{"op":"x"}',
      '{}',
      '{"op":9}',
      '{"op":10}',
      '{"op":0,"t":"READY","s":1,"d":null}',
    ];
    for (const text of odd) {
      await reaches(shard, 'ready');
      gateway.connections.at(-1)!.sendRaw(text);
      gateway.connections.at(-1)!.requestHeartbeat();
      await nextEvent(shard, 'heartbeat').catch(() => undefined);
    }
    await reaches(shard, 'ready');
    await shard.disconnect();
    expect(shard.state).toBe('disconnected');
  });

  test('38. lastFrameAt, lastAckAt and lastDispatchAt are public', async () => {
    const { clock, gateway, shard } = await readyShard();
    const readyAt = gateway.sent(2)[0]!.at + 1;
    expect(shard.health).toEqual({ lastFrameAt: readyAt, lastAckAt: null, lastDispatchAt: readyAt });
    await clock.advanceAsync(25_000);
    const ackAt = gateway.sent(1)[0]!.at + 1;
    expect(shard.health).toEqual({ lastFrameAt: ackAt, lastAckAt: ackAt, lastDispatchAt: readyAt });
  });

  test('38. the watchdog on dispatch silence is off by default; with a limit it reacts with RESUME', async () => {
    const quiet = await readyShard();
    await quiet.clock.advanceAsync(3_600_000);
    expect(quiet.gateway.sockets).toHaveLength(1);
    const { clock, gateway, shard, events } = await readyShard({ timing: { maxDispatchSilenceMs: 60_000 } });
    await clock.advanceAsync(50_000);
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(59_000);
    expect(gateway.sockets).toHaveLength(1);
    await clock.advanceAsync(2_000);
    expect(events.faults).toEqual(['DISPATCH_SILENCE']);
    expect([gateway.sockets[0]!.closedWith, gateway.last.sentOps()[0], shard.state]).toEqual([4000, 6, 'ready']);
  });
});

function boom(): never {
  throw new Error('boom');
}
