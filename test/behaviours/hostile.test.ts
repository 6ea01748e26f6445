import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { HeartbeatTracker } from '../../src/connection/heartbeat-tracker.ts';
import { MemoryIdentifyGate, Shard } from '../../src/index.ts';
import type { Dispatch, ShardOptions } from '../../src/index.ts';
import { HELLO, bareGateway, ready } from '../kit/bare-gateway.ts';
import type { Script } from '../kit/bare-gateway.ts';
import { compress } from '../kit/compressed-streams.ts';
import { DecoderRecorder } from '../kit/decoder-recorder.ts';
import { liveShard, nextEvent, reaches } from '../kit/live-shard.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN, readyShard } from '../kit/virtual-shard.ts';

/** A shard without listeners, so that nothing is decoded unless the shard reads it itself. */
async function quietShard(script: Script, options: Partial<ShardOptions> = {}) {
  const server = await bareGateway(script);
  const identifyGate = new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 });
  const shard = new Shard({
    token: TOKEN,
    intents: ['Guilds', 'GuildMembers'],
    url: server.url,
    compression: 'none',
    timing: QUICK,
    identifyGate,
    ...options,
  });
  const faults: string[] = [];
  shard.on('fault', ({ code }) => faults.push(code));
  return {
    server,
    shard,
    faults,
    async [Symbol.asyncDispose]() {
      await shard.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

const REQUEST = { guild_id: '1', query: '', limit: 0, nonce: 'n' };
const CHUNK = { nonce: 'n', guild_id: '1', members: [], chunk_index: 0, chunk_count: 1 };
const EMPTY = { guildId: '1', members: [], notFound: [], nonce: 'n' };

const CHUNKS: Record<string, [d: unknown, outcome: unknown]> = {
  null: [null, 'REQUEST_TIMED_OUT'],
  'a text': ['x', 'REQUEST_TIMED_OUT'],
  absent: [undefined, 'REQUEST_TIMED_OUT'],
  'a list': [[], 'REQUEST_TIMED_OUT'],
  'a nonce that is an object': [{ ...CHUNK, nonce: {} }, 'REQUEST_TIMED_OUT'],
  'a chunk_count that is a text': [{ ...CHUNK, chunk_count: '1' }, 'REQUEST_TIMED_OUT'],
  'no chunk_count': [{ ...CHUNK, chunk_count: undefined }, EMPTY],
  'a not_found that is a number': [
    { ...CHUNK, not_found: 5 },
    { ...EMPTY, notFound: ['5'] },
  ],
  'a not_found that is null': [{ ...CHUNK, not_found: null }, EMPTY],
  'members that are null': [{ ...CHUNK, members: null }, EMPTY],
  'no members': [{ ...CHUNK, members: undefined }, EMPTY],
  'presences that are null': [{ ...CHUNK, presences: null }, EMPTY],
};

// Vitest fails the run after an uncaught exception or an unhandled rejection, so no test has to check for them.
describe('Shard: hostile input', () => {
  test.each(Object.keys(CHUNKS))(
    '48. an answer to requestGuildMembers() with d %s settles the call, and the shard stays ready',
    async (what) => {
      const [d, outcome] = CHUNKS[what] ?? [];
      await using kit = await liveShard({ compression: 'none', intents: ['Guilds', 'GuildMembers'] });
      const { gateway, shard, events } = kit;
      await shard.connect();
      gateway.holdMembers();
      const request = shard.requestGuildMembers(REQUEST, { timeoutMs: 100 });
      const settled = request.catch((error: { code: string }) => error.code);
      await gateway.connections[0]!.waitFor(8);
      gateway.dispatch('GUILD_MEMBERS_CHUNK', d);
      gateway.dispatch('RATE_LIMITED', d);
      expect(await settled).toEqual(outcome);
      expect(shard.state).toBe('ready');
      expect(events.faults).toEqual([]);
    },
  );

  test('48. a corrupt GUILD_MEMBERS_CHUNK is not decoded without an open request', async () => {
    await using kit = await quietShard(({ socket, send, request }, packet) => {
      if (packet === null) send(HELLO);
      if (packet?.op !== 2) return;
      send(ready(`ws://${request.headers.host}`));
      socket.send('{"t":"GUILD_MEMBERS_CHUNK","s":2,"op":0,"d":{"guild_id":"1",}}');
      send({ op: 0, t: 'MARK', s: 3, d: {} });
    });
    const received: string[] = [];
    kit.shard.on('dispatch', ({ t }) => received.push(t));
    void kit.shard.connect();
    await nextEvent(kit.shard, 'dispatch', ({ t }) => (t as string) === 'MARK');
    expect(received).toEqual(['READY', 'GUILD_MEMBERS_CHUNK', 'MARK']);
    expect(kit.faults).toEqual([]);
  });

  test.each(['none', 'payload', 'zlib-stream', 'zstd-stream'] as const)(
    '49. an error of our own while a message is handled (%s) is one INTERNAL_ERROR fault, and the shard resumes',
    async (compression) => {
      await using kit = await liveShard({ compression });
      const { gateway, shard, events } = kit;
      await shard.connect();
      const recordAck = vi.spyOn(HeartbeatTracker.prototype, 'recordAck').mockImplementationOnce(() => {
        throw new TypeError('a bug of the library');
      });
      gateway.connections[0]!.requestHeartbeat();
      await nextEvent(shard, 'resumed');
      recordAck.mockRestore();
      expect(events.of('fault').map(({ code, cause }) => [code, (cause as Error).message])).toEqual([
        ['INTERNAL_ERROR', 'a bug of the library'],
      ]);
      expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
    },
  );

  test.each(['{"a":nul}', '{"a":1', '[1,]', '"unended'])(
    '50. a dispatch with the data %s in every replay is skipped after it has ended three connections',
    async (data) => {
      const received: [string, number][] = [];
      await using kit = await quietShard(({ socket, send, request }, packet) => {
        if (packet === null) send(HELLO);
        if (packet?.op === 2) send(ready(`ws://${request.headers.host}`));
        if (packet?.op !== 2 && packet?.op !== 6) return;
        socket.send(`{"t":"POISON","s":2,"op":0,"d":${data}}`);
        send({ op: 0, t: 'AFTER', s: 3, d: {} });
        if (packet.op === 6) send({ op: 0, t: 'RESUMED', s: 4, d: {} });
      });
      const { shard, server, faults } = kit;
      shard.onDispatch('POISON', (_, { t, s }) => received.push([t, s]));
      shard.onDispatch('AFTER', (_, { t, s }) => received.push([t, s]));
      void shard.connect();
      expect(await nextEvent(shard, 'resumed')).toEqual({ replayed: 1 });
      expect(received).toEqual([['AFTER', 3]]);
      expect(faults).toEqual(['DECODE_FAILED', 'DECODE_FAILED', 'DECODE_FAILED', 'DISPATCH_SKIPPED']);
      expect(server.requests).toHaveLength(4);
      expect(shard.session?.sequence).toBe(4);
    },
  );

  test('50. messages that come in one piece with a dispatch that is skipped are delivered (zstd-stream)', async () => {
    const received: string[] = [];
    const poison = Buffer.from('{"t":"POISON","s":2,"op":0,"d":{"text":"\\x"}}{"t":"AFTER","s":3,"op":0,"d":{}}');
    await using kit = await quietShard(
      ({ socket, request }, packet) => {
        const stream = (text: string | Buffer): void => socket.send(zstdCompressSync(text));
        if (packet === null) stream(JSON.stringify(HELLO));
        if (packet?.op === 2) stream(JSON.stringify(ready(`ws://${request.headers.host}`)));
        if (packet?.op === 2 || packet?.op === 6) stream(poison);
        if (packet?.op === 6) stream('{"t":"RESUMED","s":4,"op":0,"d":{}}');
      },
      { compression: 'zstd-stream' },
    );
    const { shard, faults } = kit;
    for (const name of ['POISON', 'AFTER']) shard.onDispatch(name, (_, { t }) => void received.push(t));
    void shard.connect();
    expect(await nextEvent(shard, 'resumed')).toEqual({ replayed: 1 });
    expect(received).toEqual(['AFTER']);
    expect(faults).toEqual(['DECODE_FAILED', 'DECODE_FAILED', 'DECODE_FAILED', 'DISPATCH_SKIPPED']);
  });

  test.each(['zlib', 'zstd'] as const)(
    '103. a dispatch that is cut off in every replay of %s-stream swallows no later message, and is skipped',
    async (kind) => {
      const received: string[] = [];
      const after = '{"t":"AFTER","s":3,"op":0,"d":{}}';
      const cutOff = ['{"t":"POISON","s":2,"op":0,"d":{"text":"cut', after];
      const identified = await compress(kind, [
        JSON.stringify(HELLO),
        JSON.stringify(ready('ws://nowhere')),
        ...cutOff,
      ]);
      const resumed = await compress(kind, [JSON.stringify(HELLO), ...cutOff, '{"t":"RESUMED","s":4,"op":0,"d":{}}']);
      await using kit = await quietShard(
        ({ socket, index }, packet) => {
          const frames = index === 0 ? identified : resumed;
          if (packet === null) socket.send(frames[0]!);
          if (packet?.op === 2 || packet?.op === 6) for (const frame of frames.slice(1)) socket.send(frame);
        },
        { compression: `${kind}-stream`, rewriteUrl: () => new URL(kit.server.url) },
      );
      const { shard, faults } = kit;
      for (const name of ['POISON', 'AFTER']) shard.onDispatch(name, (_, { t }) => void received.push(t));
      void shard.connect();
      expect(await nextEvent(shard, 'resumed')).toEqual({ replayed: 1 });
      expect(received).toEqual(['AFTER']);
      expect(faults).toEqual(['DECODE_FAILED', 'DECODE_FAILED', 'DECODE_FAILED', 'DISPATCH_SKIPPED']);
      expect(shard.session).toMatchObject({ sessionId: 'bare', sequence: 4 });
    },
  );

  test('50. a message without a sequence in every replay makes the shard identify after four resumes', async () => {
    const ops: number[] = [];
    await using kit = await quietShard(({ socket, send, request, index }, packet) => {
      if (packet === null) send(HELLO);
      if (packet?.op !== 2 && packet?.op !== 6) return;
      ops.push(packet.op);
      if (packet.op === 2) send(ready(`ws://${request.headers.host}`));
      if (index < 5) socket.send('this is no JSON');
    });
    const { shard, faults } = kit;
    void shard.connect();
    await nextEvent(shard, 'stateChange', ({ from, to }) => from === 'identifying' && to === 'ready');
    await nextEvent(shard, 'stateChange', ({ from, to }) => from === 'identifying' && to === 'ready');
    expect(ops).toEqual([2, 6, 6, 6, 6, 2]);
    expect(faults).toEqual([...Array.from({ length: 5 }, () => 'DECODE_FAILED'), 'RESUMES_EXHAUSTED']);
  });

  test.each([
    ['is no JSON', 'DECODE_FAILED', 'this is no JSON'],
    ['is a READY without a session', 'DECODE_FAILED', '{"op":0,"t":"READY","s":null,"d":{}}'],
  ])(
    '98. a message that %s right after each RESUMED makes the shard identify after four resumes',
    async (_, fault, message) => {
      const ops: number[] = [];
      await using kit = await quietShard(({ socket, send, request, index }, packet) => {
        if (packet === null) send(HELLO);
        if (packet?.op !== 2 && packet?.op !== 6) return;
        ops.push(packet.op);
        if (packet.op === 2) send(ready(`ws://${request.headers.host}`));
        else send({ op: 0, t: 'RESUMED', s: 2, d: {} });
        if (index < 5) socket.send(message);
      });
      const { shard, faults } = kit;
      const exhausted = nextEvent(shard, 'fault', ({ code }) => code === 'RESUMES_EXHAUSTED');
      void shard.connect();
      expect((await exhausted).message).toBe('messages that could not be read ended 5 connections in a row');
      await nextEvent(shard, 'ready');
      expect(ops).toEqual([2, 6, 6, 6, 6, 2]);
      expect(faults).toEqual([...Array.from({ length: 5 }, () => fault), 'RESUMES_EXHAUSTED']);
    },
  );

  test.each(['1e999', '1e308', '1.5', '-4', '9007199254740993', '"7"', '{}', 'null'])(
    '51. a dispatch whose s is %s is delivered, and its s is no sequence',
    async (sequence) => {
      const beats: unknown[] = [];
      const resumes: unknown[] = [];
      await using kit = await quietShard(({ socket, send, request }, packet) => {
        if (packet === null) send(HELLO);
        if (packet?.op === 2) {
          send(ready(`ws://${request.headers.host}`, 3));
          socket.send(`{"op":0,"t":"ODD","s":${sequence},"d":{}}`);
          send({ op: 1, d: null });
        }
        if (packet?.op === 1) beats.push(packet.d);
        if (packet?.op === 1 && beats.length === 1) setImmediate(() => socket.terminate());
        if (packet?.op === 6) resumes.push((packet.d as { seq: unknown }).seq);
        if (packet?.op === 6) send({ op: 0, t: 'RESUMED', s: 4, d: {} });
      });
      const odd: unknown[] = [];
      kit.shard.on('dispatch', ({ t, s }: Dispatch) => void ((t as string) === 'ODD' && odd.push(s)));
      void kit.shard.connect();
      await nextEvent(kit.shard, 'resumed');
      expect(odd).toEqual([null]);
      expect(beats[0]).toBe(3);
      expect(resumes).toEqual([3]);
      expect(kit.faults).toEqual([]);
      expect(() => new Shard({ token: TOKEN, intents: 0, session: kit.shard.session })).not.toThrow();
    },
  );

  test('52. a message in a thousand pieces is copied a bounded number of times (zstd-stream)', async () => {
    const stream = createZstdCompress();
    const compressed: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => compressed.push(chunk));
    const piece = async (text: string): Promise<Buffer> => {
      stream.write(text);
      await new Promise<void>((resolve) => stream.flush(constants.ZSTD_e_flush, resolve));
      await new Promise((resolve) => void setImmediate(resolve));
      return Buffer.concat(compressed.splice(0));
    };
    const frames = [await piece(`{"a":"${'b'.repeat(4_000_000)}`)];
    for (let count = 0; count < 1_000; count += 1) frames.push(await piece('aa'));
    frames.push(await piece('"}'));
    stream.destroy();
    await once(stream, 'close');
    const recorder = new DecoderRecorder('zstd-stream');
    const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const concat = vi.spyOn(Buffer, 'concat');
    recorder.write(...frames);
    const joinedBytes = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
    const allocatedBytes = allocate.mock.calls.reduce((sum, [size]) => sum + size, 0);
    vi.restoreAllMocks();
    const { messages, faults } = await recorder.result();
    expect(messages.map(({ length }) => length)).toEqual([4_002_008]);
    expect(faults).toEqual([]);
    expect(joinedBytes + allocatedBytes).toBeLessThan(30_000_000);
  });

  test('52. frames that inflate to nothing cost no memory (zlib-stream)', async () => {
    const recorder = new DecoderRecorder('zlib-stream');
    // An endless sequence of empty blocks, of 10 bits each.
    const emptyBlocks = [0x02, 0x08, 0x20, 0x80, 0x00].map((byte) => Buffer.of(byte));
    recorder.write(Buffer.from([0x78, 0x9c]));
    await recorder.result();
    const heapBefore = usedHeap();
    // In batches, because the streams of node:zlib queue what is written.
    for (let batch = 0; batch < 100; batch += 1) {
      for (let count = 0; count < 1_000; count += 1) recorder.write(emptyBlocks[count % emptyBlocks.length]!);
      await recorder.result();
    }
    expect(usedHeap() - heapBefore).toBeLessThan(4_000_000);
    expect(recorder.messages).toEqual([]);
  });

  test.each([
    ['ws://evil.test', {}],
    ['wss://user:secret@resume.test', {}],
    [`wss://resume.test/${'x'.repeat(2_100)}`, {}],
    ['wss://evil.test', { allowedHosts: ['main.test'] }],
  ])('53. the resume URL %s is not used: the shard resumes on the main URL', async (url, options) => {
    const { clock, gateway, shard, events } = await readyShard(options);
    gateway.dispatch('READY', { session_id: 'session-1', resume_gateway_url: url });
    expect(shard.session?.resumeUrl).toBe('wss://main.test');
    gateway.last.end(1006);
    await clock.advanceAsync(2_000);
    expect(shard.state).toBe('ready');
    expect(gateway.sockets.map(({ url: { protocol, host } }) => `${protocol}//${host}`)).toEqual([
      'wss://main.test',
      'wss://main.test',
    ]);
    expect(gateway.last.sentOps()[0]).toBe(6);
    expect(events.faults.at(-1)).toBe('RESUME_URL_REFUSED');
    expect(JSON.stringify(events.of('fault').map(({ message }) => message))).not.toContain('secret');
  });

  test('53. the resume URL of a stored session is not used if it is not encrypted', async () => {
    const session = { sessionId: 'old', resumeUrl: 'ws://evil.test', sequence: 5, shardId: 0, shardCount: 1 };
    const { gateway } = await readyShard({ session });
    expect(gateway.sockets.map(({ url }) => url.host)).toEqual(['main.test']);
    expect(gateway.last.sentOps()).toEqual([6]);
  });

  test.each([1e12, 1e300, 0.2])(
    '54. with a retry_after of %d s a member request settles within its timeoutMs',
    async (retryAfter) => {
      const { clock, gateway, shard } = await readyShard({ intents: ['Guilds', 'GuildMembers'] });
      const settled = shard
        .requestGuildMembers(REQUEST, { timeoutMs: 300 })
        .catch((error: { code: string }) => error.code);
      const limited = { opcode: 8, retry_after: retryAfter, meta: { guild_id: '1', nonce: 'n' } };
      gateway.intercept = (_, { op }) => {
        if (op === 8) gateway.dispatch('RATE_LIMITED', limited);
        return op === 8;
      };
      await clock.advanceAsync(4 * 300);
      expect(await settled).toBe('REQUEST_RATE_LIMITED');
    },
  );

  test.each([true, false])(
    '54. a member request that waits to be sent again settles when the connection is lost (op 9 %s)',
    async (resumable) => {
      const { clock, gateway, shard } = await readyShard({ intents: ['Guilds', 'GuildMembers'] });
      const settled = shard.requestGuildMembers(REQUEST).catch((error: { code: string }) => error.code);
      await clock.advanceAsync(10);
      gateway.dispatch('RATE_LIMITED', { opcode: 8, retry_after: 20, meta: { guild_id: '1', nonce: 'n' } });
      gateway.last.receive({ op: 9, d: resumable });
      expect(await settled).toBe('CONNECTION_LOST');
    },
  );

  test('55. a replay that repeats a delivered sequence delivers it once; equal sequences outside of it are delivered', async () => {
    await using kit = await quietShard(({ socket, send, request }, packet) => {
      const event = (s: number, id: string): void => send({ op: 0, t: 'EVENT', s, d: { id } });
      if (packet === null) send(HELLO);
      if (packet?.op === 2) {
        send(ready(`ws://${request.headers.host}`));
        event(2, 'first');
        event(2, 'equal');
        setImmediate(() => socket.terminate());
      }
      if (packet?.op !== 6) return;
      event(2, 'first');
      event(3, 'missed');
      send({ op: 0, t: 'RESUMED', s: 1, d: {} });
      event(3, 'equal');
    });
    const ids: unknown[] = [];
    const last = Promise.withResolvers<void>();
    kit.shard.onDispatch('EVENT', (d) => {
      ids.push((d as { id: string }).id);
      if (ids.length === 4) last.resolve();
    });
    void kit.shard.connect();
    expect(await nextEvent(kit.shard, 'resumed')).toEqual({ replayed: 1 });
    await last.promise;
    await reaches(kit.shard, 'ready');
    expect(ids).toEqual(['first', 'equal', 'missed', 'equal']);
    expect(kit.shard.session?.sequence).toBe(3);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function usedHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
