import { describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import { MemoryIdentifyGate, Shard } from '../../src/index.ts';
import type { GatewayError, ShardState } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { liveManager, nextEvent } from '../kit/live-manager.ts';
import { MemoryGateway } from '../kit/memory-gateway.ts';
import { TOKEN, readyShard, virtualShard } from '../kit/virtual-shard.ts';

const SESSION = { sessionId: 'kept', resumeUrl: 'wss://resume.test', sequence: 41, shardId: 0, shardCount: 1 };

/** How to bring a shard into each state. */
const STATES: Record<string, { state: ShardState; reach: () => Promise<ReturnType<typeof virtualShard>> }> = {
  'looking for a stored session': {
    state: 'connecting',
    reach: async () => {
      const never = new Promise<null>(() => {});
      const sessionStore = { load: () => never, save: async () => undefined, clear: async () => undefined };
      const kit = virtualShard({ sessionStore });
      void kit.shard.connect();
      await kit.clock.advanceAsync(10);
      return kit;
    },
  },
  connecting: { state: 'connecting', reach: () => connectWith({ open: false }) },
  'waiting for HELLO': { state: 'connecting', reach: () => connectWith({ hello: false }) },
  'waiting for the identify permit': {
    state: 'identifying',
    reach: async () => {
      const clock = new VirtualClock();
      const kit = virtualShard({ identifyGate: new MemoryIdentifyGate({ clock, remaining: 0 }) }, clock);
      void kit.shard.connect();
      await clock.advanceAsync(100);
      return kit;
    },
  },
  'waiting for READY': { state: 'identifying', reach: () => connectWith({ ready: false }) },
  reconnecting: {
    state: 'reconnecting',
    reach: async () => {
      const kit = await connectWith({ refuse: true });
      await kit.clock.advanceAsync(60_000);
      while (kit.shard.state !== 'reconnecting') await kit.clock.advanceAsync(1);
      return kit;
    },
  },
  resuming: { state: 'resuming', reach: () => connectWith({ resumed: false }, { session: SESSION }) },
  zombie: {
    state: 'zombie',
    reach: async () => {
      const kit = await readyShard();
      kit.gateway.answers.ack = false;
      kit.gateway.latencyMs = 100;
      while (kit.shard.state !== 'zombie') await kit.clock.advanceAsync(1);
      return kit;
    },
  },
  ready: { state: 'ready', reach: () => readyShard() },
};

async function connectWith(answers: Partial<MemoryGateway['answers']>, options = {}) {
  const kit = virtualShard(options);
  Object.assign(kit.gateway.answers, answers);
  void kit.shard.connect();
  await kit.clock.advanceAsync(100);
  return kit;
}

describe('Shard: stopping', () => {
  test.each(Object.keys(STATES))(
    '30. disconnect() while %s resolves within closeTimeoutMs and leaves no socket and no timer',
    async (name) => {
      const { state, reach } = STATES[name]!;
      const { clock, gateway, shard } = await reach();
      gateway.answers.close = false;
      expect(shard.state).toBe(state);
      const before = gateway.sockets.length;
      let settled = false;
      const stopping = shard.disconnect().then(() => (settled = true));
      await clock.advanceAsync(5_000);
      await stopping;
      expect(settled).toBe(true);
      expect(shard.state).toBe('disconnected');
      await clock.advanceAsync(3_600_000);
      expect(gateway.sockets.map(({ readyState }) => readyState).filter((readyState) => readyState !== 3)).toEqual([]);
      expect(gateway.sockets).toHaveLength(before);
      expect(clock.pending).toBe(0);
      expect(shard.state).toBe('disconnected');
    },
  );

  test.each(Object.keys(STATES))(
    '30. forceClose() while %s disconnects in the same turn and leaves no socket and no timer',
    async (name) => {
      const { clock, gateway, shard } = await STATES[name]!.reach();
      const before = gateway.sockets.length;
      shard.forceClose();
      expect(shard.state).toBe('disconnected');
      await clock.advanceAsync(3_600_000);
      expect(gateway.sockets).toHaveLength(before);
      expect(clock.pending).toBe(0);
      expect(shard.state).toBe('disconnected');
      expect(gateway.sockets.every(({ readyState }) => readyState === 3)).toBe(true);
    },
  );

  test('30. a second disconnect() joins the first, and connect() during disconnecting runs after it', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    const stops = [shard.disconnect(), shard.disconnect()];
    const again = shard.connect();
    await clock.advanceAsync(1_000);
    await Promise.all([...stops, again]);
    expect(events.states).toEqual([
      'connecting',
      'identifying',
      'ready',
      'disconnecting',
      'connecting',
      'resuming',
      'ready',
    ]);
    expect(gateway.sockets).toHaveLength(2);
  });

  test('31. disconnect() keeps the session by default and closes with 4000', async () => {
    const { clock, gateway, shard } = await readyShard();
    await Promise.all([shard.disconnect(), clock.advanceAsync(100)]);
    expect(gateway.last.closedWith).toBe(4000);
    expect(shard.session?.sessionId).toBe('session-1');
    await Promise.all([shard.connect(), clock.advanceAsync(100)]);
    expect(gateway.last.sentOps()[0]).toBe(6);
  });

  test('31. disconnect({ session: "discard" }) closes with 1000, and the next connection identifies', async () => {
    const { clock, gateway, shard } = await readyShard();
    await Promise.all([shard.disconnect({ session: 'discard' }), clock.advanceAsync(100)]);
    expect(gateway.last.closedWith).toBe(1000);
    expect(shard.session).toBeNull();
    await Promise.all([shard.connect(), clock.advanceAsync(10_000)]);
    expect(gateway.last.sentOps()[0]).toBe(2);
  });

  test("31. disconnect() rejects a code that would end a session you want to keep, and a code that can't be sent", async () => {
    const { shard } = await readyShard();
    await expect(shard.disconnect({ code: 1000, session: 'keep' })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(shard.disconnect({ code: 1006 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(shard.state).toBe('ready');
  });

  test('32. a shard stopped while it waits for a permit does not delay the next shard of its max_concurrency key', async () => {
    const clock = new VirtualClock();
    const identifyGate = new MemoryIdentifyGate({ clock, marginMs: 0 });
    const kits = [0, 1, 2].map((shardId) => virtualShard({ shardId, shardCount: 3, identifyGate }, clock));
    for (const { shard } of kits) void shard.connect();
    await clock.advanceAsync(1_000);
    await Promise.all([kits[1]!.shard.disconnect(), clock.advanceAsync(1_000)]);
    await clock.advanceAsync(20_000);
    const at = kits.map(({ gateway }) => gateway.sent(2)[0]?.at);
    expect(at[1]).toBeUndefined();
    expect(at[2]! - at[0]!).toBe(5_000);
  });

  test('32. reconnecting shards that identify wait for the same gate', async () => {
    const clock = new VirtualClock();
    const identifyGate = new MemoryIdentifyGate({ clock, marginMs: 0 });
    const kits = [0, 1].map((shardId) => virtualShard({ shardId, shardCount: 2, identifyGate }, clock));
    for (const { shard } of kits) void shard.connect();
    await clock.advanceAsync(60_000);
    for (const { gateway } of kits) gateway.last.end(4009);
    await clock.advanceAsync(60_000);
    const at = kits
      .flatMap(({ gateway }) =>
        gateway
          .sent(2)
          .slice(1)
          .map((packet) => packet.at),
      )
      .toSorted((a, b) => a - b);
    expect(at).toHaveLength(2);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(5_000);
  });

  test('33. with no session starts left, shards with a session resume; the others emit one fault and identify after the reset', async () => {
    const clock = new VirtualClock();
    const identifyGate = new MemoryIdentifyGate({ clock, remaining: 0, resetAfterMs: 3_600_000 });
    const resuming = virtualShard({ identifyGate, session: SESSION }, clock);
    const fresh = virtualShard({ identifyGate }, clock);
    void resuming.shard.connect();
    void fresh.shard.connect();
    await clock.advanceAsync(3_590_000);
    expect(resuming.shard.state).toBe('ready');
    expect(fresh.shard.state).toBe('identifying');
    expect(fresh.events.faults).toEqual(['IDENTIFY_BUDGET_SPENT']);
    await clock.advanceAsync(20_000);
    expect(fresh.shard.state).toBe('ready');
    expect(fresh.events.faults).toEqual(['IDENTIFY_BUDGET_SPENT']);
  });

  test('`await using` disconnects and keeps the session', async () => {
    await using gateway = await FakeGateway.listen({ token: TOKEN });
    let kept: Shard;
    {
      await using shard = new Shard({ token: TOKEN, intents: [], url: gateway.url });
      await shard.connect();
      kept = shard;
    }
    expect(kept.state).toBe('disconnected');
    expect(kept.session).not.toBeNull();
  });
});

describe('ShardManager: stopping during the start', () => {
  test.each([0, 1])(
    '60. disconnect() while the manager with %i workers starts stores what was delivered before connect() rejects',
    async (workers) => {
      const stored = new Map<number, number>();
      const { promise: shardOneWaits, resolve: onShardOneWaits } = Promise.withResolvers<void>();
      await using kit = await liveManager({
        shards: 2,
        workers,
        identifyGate: {
          acquire: ({ shardId, signal }) => {
            if (shardId === 0) return Promise.resolve({ sent: () => undefined, release: () => undefined });
            onShardOneWaits();
            return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
          },
        },
        sessionStore: {
          load: async () => null,
          save: async ({ shardId, sequence }) => {
            // The store is slower than the rejection of a promise.
            await new Promise((resolve) => setImmediate(resolve));
            stored.set(shardId, sequence);
          },
          clear: async () => undefined,
        },
      });
      const { manager, gateway } = kit;
      const ended = Promise.allSettled([manager.connect()]).then(([outcome]) => ({
        outcome,
        stored: stored.get(0),
        closed: gateway.history.map(({ closedWith }) => closedWith?.code),
      }));
      await gateway.waitForConnection(({ sessionId }) => sessionId !== null);
      await shardOneWaits;
      let last = 0;
      const arrived = nextEvent(manager, 'dispatch', ({ d, s }) => {
        last = s;
        return (d as { id?: string }).id === '30';
      });
      for (let n = 1; n <= 30; n += 1) gateway.dispatch('MESSAGE_CREATE', { id: String(n) }, { shardId: 0 });
      await arrived;
      await manager.disconnect();

      const { outcome, ...atRejection } = await ended;
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STOPPED' } });
      expect(atRejection).toEqual({ stored: last, closed: [4000, 4000] });
      expect(last).toBeGreaterThan(30);
    },
  );

  test.each(['disconnect', 'forceClose'] as const)(
    '102. a pending connect() of a shard rejects with STOPPED after %s() when the socket is closed and the session stored',
    async (stop) => {
      const stored: number[] = [];
      const session = { sessionId: 'kept', resumeUrl: 'wss://resume.test', sequence: 1, shardId: 0, shardCount: 1 };
      const { clock, gateway, shard } = virtualShard({
        session,
        sessionStore: {
          load: async () => null,
          save: ({ sequence }) =>
            new Promise((resolve) => {
              clock.setTimeout(() => {
                stored.push(sequence);
                resolve();
              }, 1_000);
            }),
          clear: async () => undefined,
        },
      });
      gateway.answers.resumed = false;
      gateway.sequence = 1;
      const ended = shard.connect().catch((error: GatewayError) => ({
        code: error.code,
        stored: [...stored],
        isClosed: gateway.last.readyState === 3,
      }));
      await clock.advanceAsync(100);
      for (let n = 1; n <= 30; n += 1) gateway.dispatch('MESSAGE_CREATE', { id: String(n) });
      expect(shard.state).toBe('resuming');
      const stopping = shard[stop]();
      await clock.advanceAsync(3_000);
      await stopping;
      expect(await ended).toEqual({ code: 'STOPPED', stored: [31], isClosed: true });
      expect(clock.pending).toBe(0);
    },
  );
});
