/** Dispatches that are decoded only when a listener reads them. */
import { describe, expect, test, vi } from 'vitest';
import { Shard } from '../../src/index.ts';
import type { Dispatch, GatewayError, ShardOptions } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryGateway } from '../kit/memory-gateway.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

/** A shard without a `raw` listener, which would make it decode everything. */
async function quietShard(options: Partial<ShardOptions> = {}) {
  const clock = new VirtualClock();
  const gateway = new MemoryGateway(clock);
  const shard = new Shard({
    token: TOKEN,
    intents: [],
    url: 'wss://main.test',
    compression: 'none',
    createSocket: gateway.createSocket,
    clock,
    random: () => 0.5,
    ...options,
  });
  const faults: string[] = [];
  shard.on('fault', ({ code }) => faults.push(code));
  const connected = shard.connect();
  await clock.advanceAsync(100);
  await connected;
  const text = (t: string, d: string): string => `{"t":"${t}","s":${(gateway.sequence += 1)},"op":0,"d":${d}}`;
  const receive = (t: string, d: string): void => gateway.last.receiveRaw(Buffer.from(text(t, d)), false);
  return { clock, gateway, shard, faults, text, receive };
}

const BROKEN = '{"a":nul}';

describe('lazy decoding', () => {
  test('a dispatch without a listener is counted and not decoded, so that corrupt data are no fault', async () => {
    const { shard, faults, receive, clock } = await quietShard();
    shard.onDispatch('WANTED', () => undefined);
    receive('OTHER', BROKEN);
    expect(shard.lastSequence).toBe(2);
    expect(shard.health.lastDispatchAt).toEqual(clock.now());
    expect(shard.session?.sequence).toBe(2);
    expect(faults).toEqual([]);
    await clock.advanceAsync(100);
    expect(shard.state).toBe('ready');
  });

  test('a dispatch that names itself twice is delivered under its last name, whoever listens to the first', async () => {
    const { shard, gateway } = await quietShard();
    const data: unknown[] = [];
    shard.onDispatch('LAST', (d) => data.push(d));
    gateway.last.receiveRaw(Buffer.from('{"t":"FIRST","s":2,"op":0,"d":{"a":1},"t":"LAST"}'), false);
    expect(data).toEqual([{ a: 1 }]);
  });

  test('after many dispatches that were read, corrupt data that nobody reads are no fault either', async () => {
    const { shard, faults, receive } = await quietShard();
    const data: unknown[] = [];
    shard.onDispatch('WANTED', (d) => data.push(d));
    for (let count = 0; count < 100; count += 1) receive('WANTED', '{}');
    receive('OTHER', BROKEN);
    receive('WANTED', '{"a":1}');
    expect(data.at(-1)).toEqual({ a: 1 });
    expect(data).toHaveLength(101);
    expect(shard.lastSequence).toBe(103);
    expect(faults).toEqual([]);
  });

  test('after many dispatches that were read, one that is corrupt counts as not received', async () => {
    const { shard, gateway, faults, receive, clock } = await quietShard();
    shard.on('dispatch', ({ d }) => d);
    for (let count = 0; count < 100; count += 1) receive('ANY', '{}');
    receive('ANY', BROKEN);
    expect(faults).toEqual(['DECODE_FAILED']);
    expect(shard.lastSequence).toBe(101);
    await clock.advanceAsync(2_000);
    expect(gateway.sent(6).at(-1)?.d).toMatchObject({ seq: 101 });
  });

  test('a dispatch is decoded for a listener of its type', async () => {
    const { shard, receive } = await quietShard();
    const data: unknown[] = [];
    shard.onDispatch('WANTED', (d) => data.push(d));
    receive('WANTED', '{"a":[1]}');
    receive('OTHER', BROKEN);
    expect(data).toEqual([{ a: [1] }]);
  });

  test('a dispatch is decoded once, when a `dispatch` listener reads it', async () => {
    const { shard, receive } = await quietShard();
    const parse = vi.spyOn(JSON, 'parse');
    const counts: number[] = [];
    const data: unknown[] = [];
    const count = (): void => void counts.push(parse.mock.calls.length);
    const read = ({ d }: Dispatch): void => void data.push(d);
    shard.on('dispatch', count).on('dispatch', read).on('dispatch', count).on('dispatch', read).on('dispatch', count);
    receive('ANY', '{"a":1}');
    parse.mockRestore();
    const [before = 0] = counts;
    expect(counts).toEqual([before, before + 1, before + 1]);
    expect(data).toEqual([{ a: 1 }, { a: 1 }]);
  });

  test('a dispatch keeps its own bytes after delivery, whatever the shared buffer contains', async () => {
    const { shard, gateway, text } = await quietShard();
    const kept: Dispatch[] = [];
    shard.on('dispatch', (dispatch) => kept.push(dispatch));
    const shared = Buffer.alloc(100);
    const sent = ['{"a":"first"}', '{"a":"other"}', '{"a":"third"}'].map((d) => text('KEPT', d));
    for (const packet of sent) {
      const length = shared.write(packet);
      gateway.last.receiveRaw(shared.subarray(0, length), false);
    }
    expect(kept.map(({ raw }) => Buffer.from(raw).toString())).toEqual(sent);
    expect(kept).toEqual(sent.map((packet) => JSON.parse(packet) as unknown));
  });

  test('a dispatch is no longer decoded in advance when its type has not been read for a while', async () => {
    const { shard, faults, receive } = await quietShard();
    let reads = true;
    shard.on('dispatch', (dispatch) => void (reads && dispatch.d));
    receive('ANY', '{"a":1}');
    reads = false;
    for (let count = 0; count < 400; count += 1) receive('ANY', '{"a":1}');
    receive('ANY', BROKEN);
    expect(faults).toEqual([]);
    expect(shard.lastSequence).toBe(403);
  });

  test('corrupt data are a fault when a listener reads them, and the shard resumes before them', async () => {
    const { shard, gateway, faults, receive, clock } = await quietShard();
    const codes: string[] = [];
    shard.on('dispatch', (dispatch) => {
      try {
        void dispatch.d;
      } catch (error) {
        codes.push((error as GatewayError).code);
        throw error;
      }
    });
    receive('ANY', '{}');
    receive('OTHER', BROKEN);
    receive('ANY', '{}');
    await clock.advanceAsync(1_000);
    const resumes = gateway.last.sent.filter(({ op }) => op === 6).map(({ d }) => (d as { seq: number }).seq);
    expect(codes).toEqual(['DECODE_FAILED']);
    expect(faults).toEqual(['DECODE_FAILED']);
    expect(resumes).toEqual([2]);
    expect(shard.state).toBe('ready');
  });

  test('a stream gets no dispatch that a listener could not read, and the repeated one once', async () => {
    const { shard, receive, clock, gateway } = await quietShard();
    shard.on('dispatch', ({ d }) => d);
    const stream = shard.dispatches();
    receive('ANY', BROKEN);
    await clock.advanceAsync(1_000);
    gateway.sequence = 1;
    receive('ANY', '{}');
    receive('NEXT', '{}');
    shard.forceClose();
    const names: string[] = [];
    for await (const { t, s } of stream) names.push(`${t} ${s}`);
    expect(names).toEqual([expect.stringMatching(/^RESUMED/), 'ANY 2', 'NEXT 3']);
  });

  test('corrupt data are a fault before delivery to a listener of its type', async () => {
    const { shard, gateway, faults, receive, clock } = await quietShard();
    const listener = vi.fn<(data: unknown) => void>();
    shard.onDispatch('ANY', listener);
    receive('ANY', BROKEN);
    await clock.advanceAsync(1_000);
    const resumes = gateway.last.sent.filter(({ op }) => op === 6).map(({ d }) => (d as { seq: number }).seq);
    expect(listener.mock.calls).toEqual([]);
    expect(faults).toEqual(['DECODE_FAILED']);
    expect(resumes).toEqual([1]);
    expect(shard.state).toBe('ready');
  });

  test('corrupt data are a fault when they are read after delivery, and each read throws', async () => {
    const { shard, faults, receive, clock } = await quietShard();
    const stream = shard.dispatches();
    receive('ANY', BROKEN);
    receive('NEXT', '{}');
    const { value } = await stream.next();
    expect(() => value?.d).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(faults).toEqual(['DECODE_FAILED']);
    expect(shard.lastSequence).toBe(3);
    expect((await stream.next()).value).toEqual({ op: 0, t: 'NEXT', s: 3, d: {} });
    await clock.advanceAsync(1_000);
    expect(() => value?.d).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(faults).toEqual(['DECODE_FAILED']);
    expect(shard.state).toBe('ready');
    await stream.return?.();
  });

  test.each(['__proto__', 'constructor', 'toString', ''])(
    'a dispatch of type %j is delivered like any other',
    async (name) => {
      const { shard, faults, receive } = await quietShard();
      const names: string[] = [];
      shard.on('dispatch', ({ t }) => names.push(t));
      receive(name, '{}');
      expect(names).toEqual([name]);
      expect(faults).toEqual([]);
    },
  );

  test('replayed dispatches are counted without a listener', async () => {
    const { shard, gateway, clock } = await quietShard();
    const replayed: number[] = [];
    shard.on('resumed', (resumed) => replayed.push(resumed.replayed));
    gateway.answers.resumed = false;
    gateway.last.terminate();
    await clock.advanceAsync(1_000);
    for (const t of ['A', 'B']) gateway.dispatch(t);
    gateway.dispatch('RESUMED');
    expect(replayed).toEqual([2]);
  });

  test('a packet whose opcode is not a number is ignored', async () => {
    const { shard, gateway, faults } = await quietShard();
    for (const op of ['"__proto__"', '"constructor"', 'null', '{}'])
      gateway.last.receiveRaw(Buffer.from(`{"op":${op},"d":{}}`), false);
    expect(shard.state).toBe('ready');
    expect(faults).toEqual([]);
  });
});

describe('the option events', () => {
  test('other dispatches are counted and not delivered, and the shard emits its own events', async () => {
    const delivered: string[] = [];
    const { shard, receive } = await quietShard({ events: ['MESSAGE_CREATE'] });
    shard.onDispatch('TYPING_START', () => delivered.push('typing'));
    shard.onDispatch('MESSAGE_CREATE', () => delivered.push('message'));
    shard
      .on('dispatch', ({ t }) => delivered.push(t))
      .on('rateLimited', ({ opcode }) => delivered.push(`limited ${opcode}`));
    const stream = shard.dispatches();
    receive('TYPING_START', '{}');
    receive('RATE_LIMITED', '{"opcode":8}');
    receive('MESSAGE_CREATE', '{}');
    expect(delivered).toEqual(['limited 8', 'message', 'MESSAGE_CREATE']);
    expect(shard.lastSequence).toBe(4);
    expect(await stream.next()).toEqual({ done: false, value: { op: 0, t: 'MESSAGE_CREATE', s: 4, d: {} } });
    await stream.return?.();
  });

  test('requestGuildMembers() receives its chunks', async () => {
    const { shard, gateway, receive, clock } = await quietShard({ events: [] });
    const answer = shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0, nonce: 'n' });
    await clock.advanceAsync(10);
    receive('GUILD_MEMBERS_CHUNK', '{"guild_id":"1","members":[],"chunk_index":0,"chunk_count":1,"nonce":"n"}');
    expect(await answer).toEqual({ guildId: '1', members: [], notFound: [], nonce: 'n' });
    expect(gateway.last.sentOps()).toContain(8);
  });

  test.each([
    ['a name', 'MESSAGE_CREATE'],
    ['numbers', [1]],
  ])('%s is rejected with INVALID_OPTIONS', (_name, events) => {
    expect(() => new Shard({ token: TOKEN, intents: 0, events: events as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });
});
