/** What users pass in: payloads, names, and parts of their own. Behaviours 73 to 80. */
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Shard } from '../../src/index.ts';
import type { GatewayError, InspectionObserver, Packet } from '../../src/index.ts';
import { HELLO, bareGateway, ready } from '../kit/bare-gateway.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';
import { liveManager } from '../kit/live-manager.ts';
import { QUICK } from '../kit/timing.ts';
import { virtualManager } from '../kit/virtual-manager.ts';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'settled',
    (error: GatewayError) => error.code,
  );

const presence = (name: string) =>
  ({ since: null, activities: [{ name, type: 0 }], status: 'online', afk: false }) as never;
const nameOf = ({ d }: Packet): unknown =>
  (d as { presence?: { activities: { name: string }[] } }).presence?.activities[0]?.name;

describe('payloads', () => {
  test('73. a payload that Discord would refuse rejects with INVALID_PAYLOAD and is not sent', async () => {
    const { shard, gateway } = await readyShard();
    const before = gateway.last.sent.length;
    const sends = [
      shard.updatePresence({ status: 'online' } as never),
      shard.updateVoiceState({ guild_id: '1', channel_id: undefined, self_mute: false, self_deaf: false } as never),
      shard.requestGuildMembers({ guild_id: '1' } as never),
      shard.requestGuildMembers({ guild_id: '1', user_ids: ['a'] }),
      shard.requestSoundboardSounds([1] as never),
      shard.requestChannelInfo({ guild_id: '1', fields: ['name'] } as never),
    ];
    expect(await Promise.all(sends.map(codeOf))).toEqual(sends.map(() => 'INVALID_PAYLOAD'));
    expect(gateway.last.sent).toHaveLength(before);
  });

  test('74. a presence that Discord refuses is in no later IDENTIFY; the one before it is', async () => {
    const { shard, gateway, clock, events } = await readyShard({ presence: presence('first') });
    gateway.intercept = (socket, { op, d }) => {
      const isRefused = op === 3 && JSON.stringify(d).includes('refused');
      if (isRefused) socket.end(4002, 'Error while decoding payload.');
      return isRefused;
    };
    await shard.updatePresence(presence('refused'));
    await clock.advanceAsync(2_000);
    gateway.last.receive({ op: 9, d: false });
    await clock.advanceAsync(20_000);
    expect(shard.state).toBe('ready');
    expect(gateway.sent(2).map(nameOf)).toEqual(['first', 'first']);
    expect(events.of('fault')).toMatchObject([
      {
        code: 'PAYLOAD_REFUSED',
        opcode: 3,
        message: expect.stringMatching(/the last payload was PresenceUpdate \(op 3\); its presence is not sent again/),
      },
    ]);
  });

  test('108. a presence that Discord refused from broadcast() is in no IDENTIFY of a later reshard()', async () => {
    const { manager, gateway, clock } = virtualManager(
      { shards: 2, limit: { max_concurrency: 16 } },
      { presence: presence('first') },
    );
    gateway.intercept = (socket, { op, d }) => {
      const isRefused = op !== 1 && JSON.stringify(d).includes('refused');
      if (isRefused) socket.end(4002);
      return isRefused;
    };
    gateway.allowViolation('heartbeat-pace', 'the hand-over beats on purpose, to know that nothing is on its way');
    const connected = manager.connect();
    await clock.advanceAsync(1_000);
    await connected;
    await manager.broadcast({ op: 3, d: presence('refused') });
    await clock.advanceAsync(10_000);
    const resharded = manager.reshard(3);
    await clock.advanceAsync(200_000);
    await resharded;
    expect(gateway.sent(2).map(nameOf)).toEqual(['first', 'first', 'first', 'first', 'first']);
  });

  test('74. a presence with which IDENTIFY is refused costs one session start', async () => {
    const { shard, gateway, clock } = virtualShard({ presence: presence('refused') });
    gateway.intercept = (socket, packet) => {
      const isRefused = packet.op === 2 && nameOf(packet) !== undefined;
      if (isRefused) socket.end(4002);
      return isRefused;
    };
    void shard.connect();
    await clock.advanceAsync(60_000);
    expect(shard.state).toBe('ready');
    expect(gateway.sent(2).map(nameOf)).toEqual(['refused', undefined]);
  });

  test('74. a presence that waits to be sent is rejected when IDENTIFY is refused because of it', async () => {
    const { shard, gateway, clock } = virtualShard();
    gateway.intercept = (socket, packet) => {
      const isRefused = JSON.stringify(packet).includes('refused');
      if (isRefused) socket.end(4002);
      return isRefused;
    };
    const sent = codeOf(shard.updatePresence(presence('refused')));
    void shard.connect();
    await clock.advanceAsync(60_000);
    expect(await sent).toBe('PAYLOAD_REFUSED');
    expect(shard.state).toBe('ready');
    expect(gateway.sent(2).map(nameOf)).toEqual(['refused', undefined]);
    expect(gateway.sent(3)).toEqual([]);
  });

  test('74. a presence that was set after the one that Discord refuses stays, and is sent', async () => {
    const { shard, gateway, clock } = await readyShard();
    const refusedSocket = gateway.last;
    gateway.intercept = (_, { op, d }) => op === 3 && JSON.stringify(d).includes('refused');
    await shard.updatePresence(presence('refused'));
    // The sixth within 20 s waits.
    for (const name of ['refused', 'refused', 'refused', 'refused']) await shard.updatePresence(presence(name));
    const next = shard.updatePresence(presence('next'));
    refusedSocket.end(4002);
    await clock.advanceAsync(30_000);
    await next;
    gateway.last.receive({ op: 9, d: false });
    await clock.advanceAsync(20_000);
    expect(gateway.sent(2).map(nameOf)).toEqual([undefined, 'next']);
  });

  test('74. a presence that Discord has read stays, whatever closes the connection later', async () => {
    const { shard, gateway, clock } = await readyShard();
    await shard.updatePresence(presence('kept'));
    await clock.advanceAsync(50_000);
    gateway.last.end(4002);
    await clock.advanceAsync(5_000);
    gateway.last.receive({ op: 9, d: false });
    await clock.advanceAsync(20_000);
    expect(gateway.sent(2).map(nameOf)).toEqual([undefined, 'kept']);
  });

  test.each([
    [4001, 'PAYLOAD_REFUSED'],
    [4002, 'PAYLOAD_REFUSED'],
    [4003, 'NOT_AUTHENTICATED'],
    [4005, 'ALREADY_AUTHENTICATED'],
  ])('75. close code %i emits the fault %s, which names the payload that was sent last', async (closeCode, code) => {
    const { shard, gateway, clock, events } = await readyShard();
    await shard.requestSoundboardSounds(['1']);
    gateway.last.end(closeCode, 'said so');
    await clock.advanceAsync(20_000);
    expect(events.of('fault')).toMatchObject([
      { code, closeCode, message: 'said so; the last payload was RequestSoundboardSounds (op 31)' },
    ]);
    expect(shard.state).toBe('ready');
  });
});

const fail = (): never => {
  throw new Error('a faulty part');
};
/** The types ask for functions that return nothing; the language does not. */
const failLater = (async () => fail()) as () => never;

describe('parts of users', () => {
  test.each([
    ['throws', fail],
    ['rejects', failLater],
  ])('76. a permit whose sent() %s is one fault, and the shard does not identify again', async (_, sent) => {
    const { shard, gateway, clock, events } = virtualShard({
      identifyGate: { acquire: async () => ({ sent, release: () => undefined }) },
    });
    const connected = shard.connect();
    await clock.advanceAsync(10_000);
    await connected;
    expect(gateway.sent(2)).toHaveLength(1);
    expect(events.of('fault')).toMatchObject([{ code: 'IDENTIFY_PERMIT_FAILED', cause: { message: 'a faulty part' } }]);
  });

  test.each([
    ['throws', fail],
    ['rejects', failLater],
  ])('76. a permit whose release() %s is a fault, and the shard can connect again', async (_, release) => {
    const { promise: isOpen, resolve: open } = Promise.withResolvers<void>();
    const { shard, gateway, clock, events } = virtualShard({
      identifyGate: {
        acquire: async () => {
          await isOpen;
          return { sent: () => undefined, release };
        },
      },
    });
    void shard.connect();
    await clock.advanceAsync(100);
    shard.forceClose();
    open();
    await clock.advanceAsync(100);
    expect(events.of('fault')).toMatchObject([{ code: 'IDENTIFY_PERMIT_FAILED' }]);
    const connected = shard.connect();
    await clock.advanceAsync(100);
    await connected;
    expect(gateway.sent(2)).toHaveLength(1);
  });

  test.each([undefined, null, {}, { sent: () => undefined }, 'permit'])(
    '76. a gate that gives %o instead of a permit is a fault, and the shard does not identify',
    async (permit) => {
      const { shard, gateway, clock, events } = virtualShard({
        identifyGate: { acquire: async () => permit as never },
      });
      void shard.connect();
      await clock.advanceAsync(5_000);
      expect(gateway.sent(2)).toEqual([]);
      expect(events.of('fault')[0]).toMatchObject({ code: 'IDENTIFY_REFUSED' });
      await Promise.all([shard.disconnect(), clock.advanceAsync(100)]);
    },
  );

  test.each([0, 1])(
    '76. a permit that fails is one fault of a manager with %i workers, which runs on',
    async (workers) => {
      await using kit = await liveManager({
        workers,
        shards: 1,
        identifyGate: { acquire: async () => ({ sent: failLater, release: () => undefined }) },
      });
      const faults: unknown[] = [];
      kit.manager.on('fault', ({ code }, shardId) => faults.push([code, shardId]));
      await kit.manager.connect();
      expect(faults).toEqual([['IDENTIFY_PERMIT_FAILED', 0]]);
      expect(kit.manager.state).toBe('running');
    },
  );

  test('109. an observer that throws is detached with a fault, and the other observers go on', async () => {
    let thrown = 0;
    const seen: string[] = [];
    const broken: InspectionObserver = {
      attach: () => {
        throw new Error('attach');
      },
      next: () => {
        thrown += 1;
        throw new Error('next');
      },
    };
    const observer: InspectionObserver = {
      attach: ({ shardId }) => void seen.push(`shard ${shardId}`),
      next: ({ type }) => void seen.push(type),
    };
    const { events } = await readyShard({ inspect: [broken, observer] });
    expect(thrown).toBe(1);
    expect(seen).toContain('shard 0');
    expect(seen.length).toBeGreaterThan(10);
    expect(events.faults).toEqual(['OBSERVER_THREW', 'OBSERVER_THREW']);
  });

  test('77. loggers and observers that reject cause no unhandled rejection', async () => {
    const logger = { debug: failLater, info: failLater, warn: failLater, error: failLater };
    await using kit = await liveShard({ logger, inspect: { next: failLater, attach: failLater } });
    await kit.shard.connect();
    expect(kit.shard.state).toBe('ready');
    expect(kit.events.of('fault').map(({ code }) => code)).toEqual(['OBSERVER_THREW', 'OBSERVER_THREW']);
  });

  test.each([
    [
      'rewriteUrl that returns a text',
      { rewriteUrl: ((url: URL) => url.href) as never },
      /rewriteUrl must return a URL/,
    ],
    ['createSocket that returns null', { createSocket: (() => null) as never }, /createSocket must return a WebSocket/],
    ['createSocket that is async', { createSocket: failLater as never }, /WebSocket, not a promise/],
    ['createSocket that returns {}', { createSocket: (() => ({})) as never }, /createSocket must return a WebSocket/],
  ])('77. a %s is a fault that says so, and disconnect() still works', async (_, options, message) => {
    const { shard, clock, events } = virtualShard(options);
    void shard.connect();
    await clock.advanceAsync(200);
    expect(events.of('fault')[0]).toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringMatching(message),
    });
    await Promise.all([shard.disconnect(), clock.advanceAsync(100)]);
    expect(shard.state).toBe('disconnected');
  });

  test('78. the shard runs on the WebSocket of the platform: it connects, resumes and disconnects', async () => {
    await using kit = await liveShard(
      { createSocket: (url) => new WebSocket(url), compression: 'zlib-stream' },
      {},
      { broken: ['user-agent'] as never },
    );
    const { shard, gateway } = kit;
    await shard.connect();
    const messages: unknown[] = [];
    shard.onDispatch('MESSAGE_CREATE', ({ content }) => messages.push(content));
    const resumed = nextEvent(shard, 'resumed');
    await shard.reconnect();
    await resumed;
    gateway.dispatch('MESSAGE_CREATE', { content: 'after RESUME' });
    await nextEvent(shard, 'dispatch');
    expect(messages).toEqual(['after RESUME']);
    gateway.connections.at(-1)!.close(4000);
    await nextEvent(shard, 'reconnected');
    shard.forceClose();
    expect(shard.state).toBe('disconnected');
    await shard.connect();
  });

  test('78. a socket of the platform whose gateway goes silent is replaced, and the session resumes', async () => {
    let connections = 0;
    await using gateway = await bareGateway(({ socket, send, request }, packet) => {
      if (packet === null) send({ ...HELLO, d: { heartbeat_interval: 100 } });
      else if (packet.op === 2) {
        connections += 1;
        send(ready(`ws://127.0.0.1:${request.socket.localPort}`));
        // It answers neither heartbeats nor a close frame any more.
        socket.pause();
      } else if (packet.op === 6) send({ op: 0, t: 'RESUMED', s: 2 });
    });
    const shard = new Shard({
      token: 'any',
      intents: 0,
      compression: 'none',
      url: gateway.url,
      timing: QUICK,
      createSocket: (url) => new WebSocket(url),
    });
    const resumed = nextEvent(shard, 'resumed');
    await shard.connect();
    await resumed;
    expect(connections).toBe(1);
    shard.forceClose();
  });
});

describe('names', () => {
  test.each([
    ['messageCreate', "use 'MESSAGE_CREATE'"],
    ['message_create', "use 'MESSAGE_CREATE'"],
    ['Message Create', "use 'MESSAGE_CREATE'"],
    ['', "use a name such as 'MESSAGE_CREATE'"],
    [undefined, "use a name such as 'MESSAGE_CREATE'"],
  ])('79. onDispatch(%j) is refused, and the error says: %s', (name, advice) => {
    const { shard } = virtualShard();
    expect(() => shard.onDispatch(name as never, () => undefined)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringContaining(advice) }),
    );
    expect(() => shard.onDispatch('AN_EVENT_OF_TOMORROW', () => undefined)).not.toThrow();
  });

  test('79. once() of node:events is refused, because it listens to error, and the error says what to use', async () => {
    const { shard } = virtualShard();
    await expect(once(shard as never, 'ready')).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('use the method once() instead'),
    });
  });

  test.each([
    ['error', "use 'fault'"],
    ['disconnect', "use 'disconnected'"],
    ['reconnecting', "use 'stateChange'"],
    ['Ready', "use 'ready'"],
    ['messageCreate', "use onDispatch('MESSAGE_CREATE', …)"],
    ['MESSAGE_CREATE', "use onDispatch('MESSAGE_CREATE', …)"],
    ['nope', 'the events are stateChange, connected'],
  ])('79. on(%j) is refused, and the error says: %s', (name, advice) => {
    const { shard } = virtualShard();
    expect(() => shard.on(name as never, () => undefined)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringContaining(advice) }),
    );
  });
});

describe('disconnect()', () => {
  test('80. a reason is cut at a character, to at most 123 bytes', async () => {
    await using kit = await liveShard();
    const { shard, gateway } = kit;
    for (const [reason, expected] of [
      ['é'.repeat(100), 'é'.repeat(61)],
      ['😀'.repeat(40), '😀'.repeat(30)],
      ['a\uD83Db', 'a\uFFFDb'],
      ['x'.repeat(123), 'x'.repeat(123)],
    ] as const) {
      await shard.connect();
      await shard.disconnect({ reason });
      expect(shard.state).toBe('disconnected');
      expect(gateway.history.at(-1)!.closedWith).toMatchObject({ reason: expected });
    }
  });
});
