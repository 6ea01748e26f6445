/** A consumer that falls behind costs bounded memory, and no dispatch. */
import { describe, expect, test } from 'vitest';
import type { Dispatch, ShardOptions } from '../../src/index.ts';
import { liveShard, nextEvent, reaches } from '../kit/live-shard.ts';
import { liveManager } from '../kit/live-manager.ts';
import { readyShard } from '../kit/virtual-shard.ts';

const MB = 1_000_000;
const PAD = 'y'.repeat(20_000);

const idOf = ({ d }: Dispatch): number => Number((d as { id: string }).id);
const messageIds = (dispatches: readonly Dispatch[]): number[] =>
  dispatches.filter(({ t }) => t === 'MESSAGE_CREATE').map(idOf);
const range = (count: number): number[] => Array.from({ length: count }, (_, id) => id);

type Stream = AsyncIterator<Dispatch, undefined>;

/** Takes dispatches until one has this id. */
async function takeUntil(stream: Stream, id: number): Promise<Dispatch[]> {
  const taken: Dispatch[] = [];
  for (;;) {
    const { value } = await stream.next();
    if (value === undefined) return taken;
    taken.push(value);
    if (value.t === 'MESSAGE_CREATE' && idOf(value) === id) return taken;
  }
}

/** A ready shard with an open stream, to which the gateway sends `bytes` in each `send()`. */
async function virtualConsumer(maxBufferedBytes: number, options: Partial<ShardOptions> = {}) {
  const kit = await readyShard({ maxBufferedBytes, ...options });
  const stream = kit.shard.dispatches();
  const codes: string[] = [];
  kit.shard.on('fault', ({ code }) => codes.push(code));
  let sent = 0;
  const send = (bytes: number): void => {
    kit.gateway.dispatch('MESSAGE_CREATE', { id: String(sent), pad: 'y'.repeat(bytes) });
    sent += 1;
  };
  return { ...kit, stream, codes, send };
}

describe('Shard: slow consumers', () => {
  test('87. a consumer that takes nothing makes the shard close with 4000 above maxBufferedBytes, and stay away', async () => {
    const { shard, gateway, clock, codes, send } = await virtualConsumer(10_000);
    for (let count = 0; count < 4; count += 1) send(2_000);
    expect(shard.state).toBe('ready');
    expect(gateway.last.paused).toBe(true);
    send(2_000);
    expect(shard.state).toBe('reconnecting');
    expect(gateway.last.closedWith).toBe(4000);
    expect(codes).toEqual(['BUFFER_FULL']);
    await clock.advanceAsync(24 * 3_600_000);
    expect(shard.state).toBe('reconnecting');
    expect(shard.session?.sessionId).toBe('session-1');
    expect(gateway.sockets.length).toBe(1);
    expect(codes).toEqual(['BUFFER_FULL']);
  });

  test('87. the shard resumes as soon as half of maxBufferedBytes has been taken', async () => {
    const { shard, gateway, clock, stream, send } = await virtualConsumer(10_000);
    for (let count = 0; count < 5; count += 1) send(2_000);
    await clock.advanceAsync(1_000);
    for (let count = 0; count < 2; count += 1) await stream.next();
    await clock.advanceAsync(1_000);
    expect(shard.state).toBe('reconnecting');
    await stream.next();
    await clock.advanceAsync(100);
    expect(shard.state).toBe('ready');
    expect(gateway.sent(6).map(({ d }) => (d as { seq: number }).seq)).toEqual([6]);
    expect(gateway.sent(2).length).toBe(1);
  });

  test('87. a stream that its consumer leaves makes room', async () => {
    const { shard, clock, stream, send } = await virtualConsumer(10_000);
    for (let count = 0; count < 5; count += 1) send(2_000);
    await clock.advanceAsync(1_000);
    await stream.return?.();
    await clock.advanceAsync(100);
    expect(shard.state).toBe('ready');
  });

  test('88. a replay that does not fit is taken in parts, and no part counts as a failed resume', async () => {
    const { shard, gateway, clock, stream, codes, send } = await virtualConsumer(10_000);
    gateway.answers.resumed = false;
    gateway.last.end(1006);
    for (let part = 0; part < 8; part += 1) {
      await clock.advanceAsync(1_000);
      expect(shard.state).toBe('resuming');
      for (let count = 0; count < 5; count += 1) send(2_000);
      expect(shard.state).toBe('reconnecting');
      for (let count = 0; count < 5; count += 1) await stream.next();
    }
    expect(codes).toEqual(range(8).map(() => 'BUFFER_FULL'));
    expect(shard.session?.sessionId).toBe('session-1');
    gateway.answers.resumed = true;
    await clock.advanceAsync(1_000);
    expect(shard.state).toBe('ready');
  });

  test.each(['none', 'zlib-stream', 'zstd-stream'] as const)(
    '89. a stopped consumer costs maxBufferedBytes, and later gets every dispatch once and in order (%s)',
    async (compression) => {
      await using kit = await liveShard({ compression, maxBufferedBytes: MB }, { heartbeatIntervalMs: 2_000 });
      const { gateway, shard, events } = kit;
      await shard.connect();
      const stream = shard.dispatches({ highWaterMark: 50 });
      const left = reaches(shard, 'reconnecting');
      for (const id of range(300)) gateway.dispatch('MESSAGE_CREATE', { id: String(id), pad: PAD });
      await left;
      expect(shard.lastSequence! - 1).toBe(50);
      expect(messageIds(await takeUntil(stream, 299))).toEqual(range(300));
      expect(events.states).not.toContain('zombie');
      expect(events.of('fault').every(({ code }) => code === 'BUFFER_FULL')).toBe(true);
      expect(gateway.stats.identifies).toBe(1);
    },
  );

  test('90. a slow consumer whose socket is paused is no zombie, and its ACKs are read at once', async () => {
    await using kit = await liveShard({ compression: 'none' }, { heartbeatIntervalMs: 1_000 });
    const { gateway, shard, events } = kit;
    await shard.connect();
    const stream = shard.dispatches({ highWaterMark: 2 });
    for (const id of range(300)) gateway.dispatch('MESSAGE_CREATE', { id: String(id), pad: PAD });
    // Nothing is taken until three heartbeats are acknowledged.
    for (let beats = 0; beats < 3; beats += 1) await nextEvent(shard, 'heartbeat');
    expect(messageIds(await takeUntil(stream, 299))).toEqual(range(300));
    expect(events.states).not.toContain('zombie');
    expect(gateway.stats.resumes).toBe(0);
  });

  test.each([0, 1])(
    '91. maxBufferedBytes of a manager holds for all shards together, with %i workers, and nothing is lost or doubled',
    async (workers) => {
      await using kit = await liveManager(
        { shards: 2, workers, compression: 'none', maxBufferedBytes: 2 * MB },
        { heartbeatIntervalMs: 2_000, shards: 2 },
      );
      const { gateway, manager } = kit;
      const left = new Set<number | null>();
      const bothLeft = Promise.withResolvers<void>();
      manager.on('fault', ({ code }, shardId) => {
        if (code === 'BUFFER_FULL') left.add(shardId);
        if (left.size === 2) bothLeft.resolve();
      });
      await manager.connect();
      const stream = manager.dispatches({ highWaterMark: 50, events: ['MESSAGE_CREATE'] });
      for (const id of range(600))
        gateway.dispatch('MESSAGE_CREATE', { id: String(id), pad: PAD }, { shardId: id % 2 });
      await bothLeft.promise;
      const taken: Dispatch[] = [];
      while (taken.length < 600) taken.push((await stream.next()).value!);
      const byShard = (shard: number): number[] => messageIds(taken).filter((id) => id % 2 === shard);
      expect(byShard(0)).toEqual(range(600).filter((id) => id % 2 === 0));
      expect(byShard(1)).toEqual(range(600).filter((id) => id % 2 === 1));
      expect(gateway.stats.identifies).toBe(2);
    },
  );

  /** What a bursty consumer finds: some bursts fit, some fill the buffer and some exceed `maxBufferedBytes` several times. */
  const BURSTS = [120, 20, 40, 200, 1, 120];

  test.each(['none', 'zlib-stream', 'zstd-stream'] as const)(
    '92. a bursty consumer, which takes nothing and then everything, gets every dispatch once and in order (%s)',
    async (compression) => {
      await using kit = await liveShard({ compression, maxBufferedBytes: MB }, { heartbeatIntervalMs: 1_000 });
      const { gateway, shard, events } = kit;
      await shard.connect();
      const stream = shard.dispatches();
      const taken: number[] = [];
      for (const burst of BURSTS) {
        const isTooLarge = burst * PAD.length > MB;
        const left = isTooLarge ? reaches(shard, 'reconnecting') : null;
        const ids = range(burst).map((id) => taken.length + id);
        for (const id of ids) gateway.dispatch('MESSAGE_CREATE', { id: String(id), pad: PAD });
        await left;
        taken.push(...messageIds(await takeUntil(stream, ids.at(-1)!)));
      }
      expect(taken).toEqual(range(taken.length));
      expect(taken).toHaveLength(BURSTS.reduce((sum, burst) => sum + burst, 0));
      expect(events.of('fault').every(({ code }) => code === 'BUFFER_FULL')).toBe(true);
      expect(events.states).not.toContain('zombie');
      expect(gateway.stats.identifies).toBe(1);
      expect(gateway.stats.resumes).toBeGreaterThanOrEqual(3);
    },
  );

  test.each([0, 2])(
    '92. a bursty consumer of a manager with %i workers gets every dispatch once, in the order of each shard',
    async (workers) => {
      await using kit = await liveManager(
        { shards: 2, workers, compression: 'none', maxBufferedBytes: MB },
        { heartbeatIntervalMs: 1_000, shards: 2 },
      );
      const { gateway, manager } = kit;
      await manager.connect();
      const stream = manager.dispatches({ events: ['MESSAGE_CREATE'] });
      let left = Promise.withResolvers<void>();
      const codes = new Set<string>();
      manager.on('fault', ({ code }) => {
        codes.add(code);
        left.resolve();
      });
      const taken: number[] = [];
      for (const burst of BURSTS) {
        left = Promise.withResolvers();
        const ids = range(burst).map((id) => taken.length + id);
        for (const id of ids) gateway.dispatch('MESSAGE_CREATE', { id: String(id), pad: PAD }, { shardId: id % 2 });
        if (burst * PAD.length > MB) await left.promise;
        for (const _ of ids) taken.push(idOf((await stream.next()).value!));
      }
      for (const shardId of [0, 1]) {
        const ofShard = (ids: readonly number[]): number[] => ids.filter((id) => id % 2 === shardId);
        expect(ofShard(taken)).toEqual(ofShard(range(taken.length)));
      }
      expect([...codes]).toEqual(['BUFFER_FULL']);
      expect(gateway.stats.identifies).toBe(2);
    },
  );
});
