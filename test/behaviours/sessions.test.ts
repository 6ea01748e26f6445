import { describe, expect, test } from 'vitest';
import { CLOSE_CODES } from '../../machines/index.ts';
import { GatewayError, MemoryIdentifyGate } from '../../src/index.ts';
import type { IdentifyGate, Session, SessionStore } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { readyShard, TOKEN, virtualShard } from '../kit/virtual-shard.ts';

const SESSION: Session = { sessionId: 'kept', resumeUrl: 'wss://resume.test', sequence: 41, shardId: 0, shardCount: 1 };
const origins = (sockets: { url: URL }[]): string[] => sockets.map(({ url }) => url.origin);
const gaps = (packets: { at: number }[]): number[] => packets.slice(1).map(({ at }, index) => at - packets[index]!.at);

describe('Shard: sessions', () => {
  test('9. the shard records the sequence before it calls listeners, and a listener that throws changes nothing', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    const seen: unknown[] = [];
    shard.onDispatch('MESSAGE_CREATE', (_, { s }) => {
      seen.push([s, shard.lastSequence]);
      throw new Error('a bug of the bot');
    });
    shard.onDispatch('MESSAGE_CREATE', async () => {
      throw new Error('an asynchronous bug of the bot');
    });
    gateway.dispatch('MESSAGE_CREATE');
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(60_000);
    expect(seen).toEqual([
      [2, 2],
      [3, 3],
    ]);
    expect(events.faults).toEqual(['LISTENER_THREW', 'LISTENER_THREW', 'LISTENER_THREW', 'LISTENER_THREW']);
    expect(events.of('fault')[0]!.cause).toEqual(new Error('a bug of the bot'));
    expect(events.dispatched).toEqual(['READY', 'MESSAGE_CREATE', 'MESSAGE_CREATE']);
    expect(gateway.sent(1).at(-1)).toMatchObject({ d: 3 });
  });

  test('10. the shard delivers a replay in order, then emits resumed with the number of replayed dispatches', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    gateway.answers.resumed = false;
    gateway.last.end(1006);
    await clock.advanceAsync(500);
    for (let count = 0; count < 300; count += 1) gateway.dispatch('MESSAGE_CREATE', { count });
    gateway.dispatch('RESUMED');
    const order = events.all.filter(
      ({ name, args }) =>
        name === 'resumed' || (name === 'dispatch' && (args[0] as { t: string }).t === 'MESSAGE_CREATE'),
    );
    expect(order).toHaveLength(301);
    expect(order.slice(0, 300).map(({ args }) => (args[0] as { s: number }).s)).toEqual(
      Array.from({ length: 300 }, (_, index) => index + 2),
    );
    expect(order.at(-1)).toEqual({ name: 'resumed', args: [{ replayed: 300 }] });
    expect(shard.lastSequence).toBe(302);
  });

  test('10. with a slow session store dispatches stay in order, and the stored sequence is never ahead of them', async () => {
    const clock = new VirtualClock();
    const saved: number[] = [];
    const early: number[] = [];
    const delivered: number[] = [];
    const sessionStore: SessionStore = {
      load: async () => null,
      clear: async () => undefined,
      save: ({ sequence }) => {
        saved.push(sequence);
        if (!delivered.includes(sequence)) early.push(sequence);
        return new Promise((resolve) => clock.setTimeout(resolve, 700));
      },
    };
    const { gateway, shard } = virtualShard({ sessionStore }, clock);
    gateway.allowViolation('heartbeat-pace', 'the test sends extra heartbeats');
    shard.on('dispatch', ({ s }) => {
      delivered.push(s);
      if (s % 50 === 0) void shard.heartbeat();
    });
    void shard.connect();
    await clock.advanceAsync(100);
    for (let turn = 0; turn < 40; turn += 1) {
      for (let count = 0; count < 10; count += 1) gateway.dispatch('MESSAGE_CREATE');
      if (turn === 20) gateway.last.end(1006);
      await clock.advanceAsync(400);
    }
    await clock.advanceAsync(60_000);
    expect(saved.length).toBeGreaterThan(4);
    expect(saved).toEqual(saved.toSorted((a, b) => a - b));
    expect(saved.at(-1)).toBe(delivered.at(-1));
    expect(early).toEqual([]);
    expect(delivered).toEqual(delivered.map((_, index) => index + 1));
  });

  test('10. dispatches buffered in a stream count as not delivered', async () => {
    const saved: number[] = [];
    const sessionStore: SessionStore = {
      load: async () => null,
      clear: async () => undefined,
      save: async ({ sequence }) => void saved.push(sequence),
    };
    const { gateway, shard } = await readyShard({ sessionStore });
    const stream = shard.dispatches();
    for (let count = 0; count < 5; count += 1) gateway.dispatch('MESSAGE_CREATE');
    await stream.next();
    await stream.next();
    const stopping = shard.disconnect();
    gateway.last.end(4000);
    await stopping;
    expect(shard.lastSequence).toBe(6);
    expect(saved.at(-1)).toBe(3);
  });

  test.each(['before HELLO', 'identifying', 'ready', 'resuming'])(
    '11. op 7 %s makes the shard reconnect within 1 s and keep its session',
    async (when) => {
      const { clock, gateway, shard } = virtualShard(when === 'resuming' ? { session: SESSION } : {});
      gateway.answers.hello = when !== 'before HELLO';
      gateway.answers.ready = when === 'ready';
      gateway.answers.resumed = false;
      void shard.connect();
      await clock.advanceAsync(50);
      const [first] = gateway.sockets;
      gateway.answers.hello = true;
      first!.receive({ op: 7, d: null });
      const at = clock.now();
      await clock.advanceAsync(1_000);
      const hadSession = when === 'ready' || when === 'resuming';
      expect(first!.closedWith).toBe(4000);
      expect(gateway.last.openedAt - at).toBeLessThanOrEqual(1_000);
      expect(gateway.sockets).toHaveLength(2);
      expect(gateway.last.sentOps()[0]).toBe(hadSession ? 6 : when === 'identifying' ? undefined : 2);
    },
  );

  test('12. op 9 true makes the shard resume the same session after 1 to 5 s, and counts as a failed resume', async () => {
    const { clock, gateway, shard } = virtualShard({ session: SESSION, random: () => 0.25 });
    gateway.answers.resumed = false;
    void shard.connect();
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await clock.advanceAsync(50);
      expect(gateway.sockets).toHaveLength(attempt);
      expect(gateway.last.sent[0]).toMatchObject({ op: 6, d: { session_id: 'kept', seq: 41 } });
      const at = clock.now();
      gateway.last.receive({ op: 9, d: true });
      expect(gateway.last.closedWith).toBe(4000);
      await clock.advanceAsync(5_000);
      expect(gateway.last.openedAt - at).toBeGreaterThanOrEqual(1_000);
      expect(gateway.last.openedAt - at).toBeLessThanOrEqual(5_000);
    }
    await clock.advanceAsync(50);
    expect(gateway.last.sentOps()).toEqual([2]);
  });

  test.each(['after RESUME', 'while ready'])(
    '13. op 9 false %s makes the shard discard its session and identify on the main URL after 1 to 5 s',
    async (when) => {
      const { clock, gateway, shard } = virtualShard({ session: SESSION });
      gateway.answers.resumed = when === 'while ready';
      void shard.connect();
      await clock.advanceAsync(100);
      const [first] = gateway.sockets;
      const at = clock.now();
      first!.receive({ op: 9, d: false });
      expect(shard.session).toBeNull();
      expect(shard.lastSequence).toBeNull();
      await clock.advanceAsync(5_000);
      expect(first!.closedWith).toBe(1000);
      expect(gateway.sockets).toHaveLength(2);
      expect(gateway.last.url.origin).toBe('wss://main.test');
      expect(gateway.last.sentOps()).toEqual([2]);
      expect(gateway.last.openedAt - at).toBeGreaterThanOrEqual(1_000);
    },
  );

  test('14. repeated op 9 false makes the shard identify ever more slowly, and at most once in 5 s', async () => {
    const { clock, gateway, shard } = virtualShard({ random: Math.random });
    gateway.intercept = (socket, { op }) => {
      if (op === 2) socket.receive({ op: 9, d: false });
      return op === 2;
    };
    void shard.connect();
    while (gateway.sent(2).length < 11) await clock.advanceAsync(1_000);
    const between = gaps(gateway.sent(2));
    expect(Math.min(...between)).toBeGreaterThanOrEqual(5_000);
    expect(Math.min(...between.slice(-3))).toBeGreaterThan(Math.max(...between.slice(0, 3)));
  });

  test.each([4004, 4010, 4011, 4012, 4013, 4014])(
    '15. close code %i makes the shard fail: connect() rejects with code and hint, and no further socket is opened',
    async (code) => {
      const { clock, gateway, shard, events } = virtualShard();
      gateway.answers.ready = false;
      const rejection = shard.connect().catch((error: unknown) => error);
      await clock.advanceAsync(10);
      gateway.last.end(code);
      await clock.advanceAsync(3_600_000);
      const error = (await rejection) as GatewayError;
      expect(error).toBeInstanceOf(GatewayError);
      expect(error.code).toBe(CLOSE_CODES[code]!.fatal);
      expect(error.closeCode).toBe(code);
      expect(error.hint).not.toBe('');
      expect(events.of('failed')).toEqual([error]);
      expect(shard.state).toBe('failed');
      expect(gateway.sockets).toHaveLength(1);
      expect(clock.pending).toBe(0);
      expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain(TOKEN);
    },
  );

  test.each([4003, 4007, 4009])(
    '16. close code %i makes the shard identify on the main URL, with a permit',
    async (code) => {
      const acquired: number[] = [];
      const clock = new VirtualClock();
      const gate = new MemoryIdentifyGate({ clock });
      const identifyGate: IdentifyGate = {
        acquire: (request) => {
          acquired.push(request.shardId);
          return gate.acquire(request);
        },
      };
      const { gateway, shard } = virtualShard({ session: SESSION, identifyGate }, clock);
      void shard.connect();
      await clock.advanceAsync(100);
      gateway.last.end(code);
      await clock.advanceAsync(10_000);
      expect(origins(gateway.sockets)).toEqual(['wss://resume.test', 'wss://main.test']);
      expect(gateway.last.sentOps()).toEqual([2]);
      expect(acquired).toEqual([0]);
    },
  );

  test.each([1000, 1001, 1005, 1006, 4000, 4001, 4002, 4005, 3999, 4999])(
    '17. close code %i makes a shard with a session resume within 1 s',
    async (code) => {
      const { clock, gateway, shard } = await readyShard();
      const at = clock.now();
      gateway.last.end(code);
      await clock.advanceAsync(10_000);
      expect(gateway.sockets).toHaveLength(2);
      expect(gateway.last.sentOps()[0]).toBe(6);
      expect(shard.state).toBe('ready');
      expect(gateway.last.openedAt - at).toBeLessThanOrEqual(1_000);
    },
  );

  test('17. close code 4008 is a fault: the shard resumes after a longer wait, with a new send limit', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    await Promise.all(Array.from({ length: 100 }, () => shard.requestSoundboardSounds(['1'])));
    const at = clock.now();
    gateway.last.end(4008);
    await clock.advanceAsync(10_000);
    expect(events.faults).toEqual(['RATE_LIMITED']);
    expect(gateway.last.openedAt - at).toBeGreaterThan(4_000);
    expect(shard.state).toBe('ready');
    await Promise.all(Array.from({ length: 100 }, () => shard.requestSoundboardSounds(['1'])));
    expect(gateway.last.sentOps()).toEqual([6, ...Array(100).fill(31)]);
  });

  test('18. when the resume host refuses, the shard tries to resume on the main host, so an outage uses no session start', async () => {
    const { clock, gateway, shard } = await readyShard();
    gateway.answers.refuse = true;
    gateway.last.end(1006);
    await clock.advanceAsync(2_000);
    gateway.answers.refuse = false;
    await clock.advanceAsync(30_000);
    expect(origins(gateway.sockets).slice(0, 4)).toEqual([
      'wss://main.test',
      'wss://resume.test',
      'wss://main.test',
      'wss://resume.test',
    ]);
    expect(gateway.sent(2)).toHaveLength(1);
    expect(gateway.last.sentOps()[0]).toBe(6);
    expect(shard.state).toBe('ready');
  });

  test('19. the backoff doubles up to a max, with full jitter, while the host refuses connections', async () => {
    const { clock, gateway, shard } = virtualShard({ random: () => 0.999_999 });
    gateway.answers.refuse = true;
    void shard.connect();
    await clock.advanceAsync(400_000);
    const between = gateway.sockets
      .slice(1)
      .map(({ openedAt }, index) => Math.round((openedAt - gateway.sockets[index]!.openedAt - 1) / 10) * 10);
    expect(between.slice(0, 11)).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
    const jittered = virtualShard({ random: () => 0 });
    jittered.gateway.answers.refuse = true;
    void jittered.shard.connect();
    await jittered.clock.advanceAsync(10);
    expect(jittered.gateway.sockets.length).toBeGreaterThan(1);
  });

  test('19. the backoff starts from the beginning only after the shard was ready for stableAfterMs', async () => {
    const { clock, gateway } = await readyShard({ random: () => 0.999_999 });
    const waits: number[] = [];
    const loseAfter = async (livedMs: number): Promise<void> => {
      await clock.advanceAsync(livedMs);
      const at = clock.now();
      gateway.last.end(1006);
      await clock.advanceAsync(5_000);
      waits.push(Math.round((gateway.last.openedAt - at) / 10) * 10);
    };
    await loseAfter(30_000);
    await loseAfter(1_000);
    await loseAfter(1_000);
    await loseAfter(30_000);
    expect(waits).toEqual([250, 500, 1_000, 250]);
  });

  test('20. after four failed resumes in a row the shard identifies once', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    gateway.intercept = (socket, { op }) => {
      if (op === 6) socket.end(4000);
      return op === 6;
    };
    gateway.last.end(1006);
    await clock.advanceAsync(60_000);
    expect(gateway.sockets.flatMap(({ sent }) => sent.map(({ op }) => op)).filter((op) => op !== 1)).toEqual([
      2, 6, 6, 6, 6, 2,
    ]);
    expect(events.faults).toEqual(['RESUMES_EXHAUSTED']);
    expect(shard.state).toBe('ready');
  });

  test('21. RESUME without an answer within resumedTimeoutMs is retried with the same session, then the shard identifies', async () => {
    const { clock, gateway, shard, events } = virtualShard({ session: SESSION });
    gateway.answers.resumed = false;
    void shard.connect();
    await clock.advanceAsync(29_900);
    expect(shard.state).toBe('resuming');
    expect(gateway.sockets).toHaveLength(1);
    await clock.advanceAsync(30_100);
    expect(gateway.sockets.map(({ closedWith }) => closedWith)).toEqual([4000, 4000, null]);
    expect(gateway.sockets.map(({ sent }) => sent[0]!.op)).toEqual([6, 6, 2]);
    expect(events.faults).toEqual(['RESUME_TIMEOUT', 'RESUME_TIMEOUT', 'RESUMES_EXHAUSTED']);
    expect(shard.state).toBe('ready');
  });

  test('21. a replay that takes longer than resumedTimeoutMs is answered: the shard goes on resuming', async () => {
    const { clock, gateway, shard, events } = virtualShard({ session: SESSION });
    gateway.answers.resumed = false;
    gateway.sequence = 41;
    void shard.connect();
    for (let resumes = 1; resumes <= 3; resumes += 1) {
      await clock.advanceAsync(1_000);
      expect(gateway.last.sent[0]).toMatchObject({ op: 6, d: { seq: 40 + resumes } });
      gateway.dispatch('MESSAGE_CREATE');
      gateway.answers.resumed = resumes === 3;
      await clock.advanceAsync(30_000);
    }
    expect(events.faults).toEqual(Array(3).fill('RESUME_TIMEOUT'));
    expect(gateway.sent(2)).toEqual([]);
    expect(shard.state).toBe('ready');
  });

  test('21. a replay that only repeats what was delivered is an answer too', async () => {
    const { clock, gateway, shard, events } = virtualShard({ session: SESSION });
    gateway.answers.resumed = false;
    void shard.connect();
    for (let resumes = 1; resumes <= 3; resumes += 1) {
      await clock.advanceAsync(1_000);
      expect(gateway.last.sent[0]).toMatchObject({ op: 6, d: { seq: SESSION.sequence } });
      gateway.last.receive({ op: 0, t: 'MESSAGE_CREATE', s: SESSION.sequence, d: {} });
      gateway.answers.resumed = resumes === 3;
      await clock.advanceAsync(30_000);
    }
    expect(events.faults).toEqual(Array(3).fill('RESUME_TIMEOUT'));
    expect(gateway.sent(2)).toEqual([]);
    expect(shard.state).toBe('ready');
  });

  test('22. IDENTIFY without an answer is repeated after 5 min, then after 10 and 20 min', async () => {
    const { clock, gateway, shard } = virtualShard();
    gateway.answers.ready = false;
    void shard.connect();
    await clock.advanceAsync(299_000);
    expect(gateway.sent(2)).toHaveLength(1);
    expect(gateway.sent(1).length).toBeGreaterThan(5);
    await clock.advanceAsync(4_000_000);
    const between = gaps(gateway.sent(2)).map((ms) => Math.round(ms / 60_000));
    expect(between).toEqual([5, 10, 20]);
  });

  test('23. a new process with the same shard count resumes an exported session', async () => {
    const first = await readyShard({ shardId: 1, shardCount: 2 });
    first.gateway.dispatch('MESSAGE_CREATE');
    const session = JSON.parse(JSON.stringify(first.shard.session)) as Session;
    expect(session).toEqual({
      sessionId: 'session-1',
      resumeUrl: 'wss://resume.test',
      sequence: 2,
      shardId: 1,
      shardCount: 2,
      bot: expect.any(String) as string,
      intents: 1,
      version: 10,
      compression: 'none',
      encoding: 'json',
    });
    const second = await readyShard({ shardId: 1, shardCount: 2, session });
    expect(second.gateway.last.url.origin).toBe('wss://resume.test');
    expect(second.gateway.last.sent[0]).toMatchObject({ op: 6, d: { session_id: 'session-1', seq: 2 } });
    const third = virtualShard({ shardId: 1, shardCount: 2 });
    void third.shard.resume(session);
    await third.clock.advanceAsync(100);
    expect(third.gateway.last.sent[0]).toMatchObject({ op: 6, d: { session_id: 'session-1', seq: 2 } });
  });

  test('23. a session of another shard count is ignored: the shard identifies on the main URL', async () => {
    const { gateway } = await readyShard({ session: { ...SESSION, shardCount: 4 } });
    expect(gateway.last.url.origin).toBe('wss://main.test');
    expect(gateway.last.sentOps()[0]).toBe(2);
    const resumed = virtualShard();
    void resumed.shard.resume({ ...SESSION, shardCount: 4 });
    await resumed.clock.advanceAsync(100);
    expect(resumed.gateway.last.url.origin).toBe('wss://main.test');
    expect(resumed.gateway.last.sentOps()).toEqual([2]);
  });

  test.each(['connecting', 'resuming', 'ready', 'zombie', 'reconnecting', 'disconnecting', 'disconnected'] as const)(
    '23. you can export the session while the shard is %s',
    async (state) => {
      const { clock, gateway, shard } = virtualShard({ session: SESSION });
      const exported: [string, unknown][] = [[shard.state, shard.session]];
      shard.on('stateChange', ({ to }) => void exported.push([to, shard.session]));
      void shard.connect();
      await clock.advanceAsync(100);
      gateway.answers.ack = false;
      await clock.advanceAsync(62_000);
      await Promise.all([shard.disconnect(), clock.advanceAsync(10)]);
      const [, session] = exported.find(([at]) => at === state)!;
      expect(session).toMatchObject({ sessionId: 'kept', resumeUrl: 'wss://resume.test', shardId: 0, shardCount: 1 });
    },
  );

  test('23. while the shard is identifying it has no session', async () => {
    const { clock, gateway, shard } = virtualShard();
    gateway.answers.ready = false;
    void shard.connect();
    await clock.advanceAsync(100);
    expect(shard.state).toBe('identifying');
    expect(shard.session).toBeNull();
  });

  test('24. the next IDENTIFY carries the latest presence', async () => {
    const presence = { status: 'idle', activities: [], afk: false, since: null } as never;
    const { clock, gateway, shard } = await readyShard({
      presence: { status: 'online', activities: [], afk: false, since: null } as never,
    });
    expect(gateway.sent(2)[0]).toMatchObject({ d: { presence: { status: 'online' } } });
    await shard.updatePresence(presence);
    gateway.last.receive({ op: 9, d: false });
    await clock.advanceAsync(20_000);
    expect(gateway.sent(2)[1]).toMatchObject({ d: { presence: { status: 'idle' } } });
  });
});
