/** How a manager starts: what it asks, in what order and at what pace its shards come up. On virtual time. */
import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate, MemorySessionStore } from '../../../src/index.ts';
import type { Session, SessionStore } from '../../../src/index.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { jsonResponse, infoBody, virtualManager } from '../../kit/virtual-manager.ts';
import { TOKEN } from '../../kit/virtual-shard.ts';

const ok = (): Response => jsonResponse(200, infoBody(1));

const session = (shardId: number, shardCount: number): Session => ({
  sessionId: `session-of-${shardId}`,
  resumeUrl: 'wss://resume.test',
  sequence: 5,
  shardId,
  shardCount,
});

async function storeWith(...sessions: Session[]): Promise<SessionStore> {
  const store = new MemorySessionStore();
  await Promise.all(sessions.map((each) => store.save(each)));
  return store;
}

describe('order and pace', () => {
  test('16 buckets of 16 start one after the other, each 5 s after the frames of the one before', async () => {
    const { manager, clock, sent } = virtualManager({ shards: 256, limit: { max_concurrency: 16 } });
    const connecting = manager.connect();
    await clock.advanceAsync(90_000);
    await connecting;

    const identified = sent(2);
    expect(identified.map(([id]) => id).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 256 }, (_, id) => id));
    // Each socket takes 1 ms to open; 5 s are Discord's, 250 ms the margin of the gate.
    const expected = Array.from({ length: 16 }, (_, bucket) => 1 + bucket * 5_250);
    for (const [id, at] of identified) expect([id, at]).toEqual([id, expected[Math.floor(id / 16)]]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('no socket is opened long before its turn', async () => {
    const { manager, clock, gateway } = virtualManager({ shards: 8, limit: { max_concurrency: 2 } });
    const opened = (): number => gateway.sockets.length;
    void manager.connect();
    await clock.advanceAsync(10);
    expect(opened()).toBe(4);
    await clock.advanceAsync(5_250);
    expect(opened()).toBe(6);
    manager.forceClose();
    await clock.advanceAsync(10_000);
  });

  test('shards with a stored session resume at once, past the gate; the others identify in order', async () => {
    const sessionStore = await storeWith(session(2, 4), session(3, 4));
    const { manager, clock, sent } = virtualManager({ shards: 4 }, { sessionStore });
    const connecting = manager.connect();
    await clock.advanceAsync(6_000);
    await connecting;

    expect(sent(6)).toEqual([
      [2, 1],
      [3, 1],
    ]);
    expect(sent(2)).toEqual([
      [0, 1],
      [1, 5_251],
    ]);
    const leaving = manager.disconnect();
    await clock.advanceAsync(10);
    await leaving;
  });

  test('what a listener ends in the middle of the start stays ended', async () => {
    const sessionStore = await storeWith(session(0, 3), session(1, 3), session(2, 3));
    const { manager, clock, gateway } = virtualManager({ shards: 3 }, { sessionStore });
    manager.once('stateChange', () => manager.forceClose());
    const connecting = manager.connect();
    await clock.advanceAsync(10_000);
    await expect(connecting).rejects.toMatchObject({ code: 'STOPPED' });

    expect([manager.state, gateway.sockets.filter(({ readyState }) => readyState !== 3), clock.pending]).toEqual([
      'stopped',
      [],
      0,
    ]);
  });

  test('starting a shard again does not bring back the session starts that are used', async () => {
    const { manager, clock, faults, sent } = virtualManager({ shards: 2, limit: { remaining: 2, max_concurrency: 2 } });
    void manager.connect();
    await clock.advanceAsync(10_000);
    void manager.shards.get(1)?.disconnect({ session: 'discard' });
    await clock.advanceAsync(100);
    void manager.connect();
    await clock.advanceAsync(60_000);

    expect([sent(2).length, faults.map(([code]) => code)]).toEqual([2, ['IDENTIFY_BUDGET_SPENT']]);
    manager.forceClose();
    await clock.advanceAsync(10_000);
  });

  test('shards that are to take over start in order, whatever the store has of an earlier set', async () => {
    const sessionStore = await storeWith(session(2, 3));
    const { manager, clock, gateway, sent } = virtualManager({ shards: 1 }, { sessionStore });
    gateway.allowViolation('heartbeat-pace', 'the hand-over asks for them');
    void manager.connect();
    await clock.advanceAsync(10_000);
    void manager.reshard(3);
    await clock.advanceAsync(30_000);

    expect(sent(2).map(([shardId]) => shardId)).toEqual([0, 0, 1, 2]);
    manager.forceClose();
    await clock.advanceAsync(10_000);
  });

  test('a session of another shard count is not resumed', async () => {
    const sessionStore = await storeWith(session(0, 4), session(1, 4));
    const { manager, clock, sent } = virtualManager({ shards: 2 }, { sessionStore });
    void manager.connect();
    await clock.advanceAsync(6_000);

    expect([sent(6), sent(2)]).toEqual([
      [],
      [
        [0, 1],
        [1, 5_251],
      ],
    ]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('a store that never answers costs its time, not the start', async () => {
    const sessionStore: SessionStore = {
      load: () => new Promise(() => undefined),
      save: async () => undefined,
      clear: async () => undefined,
    };
    const { manager, clock, sent, faults } = virtualManager(
      { shards: 1 },
      { sessionStore, timing: { connectTimeoutMs: 3_000 } },
    );
    const connecting = manager.connect();
    await clock.advanceAsync(10_000);
    await connecting;

    expect(sent(2)).toEqual([[0, 6_001]]);
    expect(faults).toEqual([['SESSION_STORE_FAILED', 0, 6_000]]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('a shard whose connections are lost does not hold up the buckets behind it', async () => {
    const { manager, clock, gateway, sent } = virtualManager({ shards: 3 });
    const connecting = manager.connect();
    await clock.advanceAsync(0);
    gateway.sockets[0]!.fail('ECONNREFUSED');
    gateway.answers.hello = false;
    await clock.advanceAsync(1);
    gateway.answers.hello = true;
    await clock.advanceAsync(30_000);
    await connecting;

    // Shard 0 had its second try at once, shard 1 was left without HELLO for 15 s.
    expect(sent(2).map(([id]) => id)).toEqual([0, 2, 1]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });
});

describe('how long a start will take', () => {
  test('is told by the pace of the identify gate, when that has one of its own', async () => {
    const clock = new VirtualClock();
    const identifyGate = new MemoryIdentifyGate({ clock, maxConcurrency: 2, spacingMs: 800, marginMs: 200 });
    const { manager } = virtualManager({ shards: 6, limit: { max_concurrency: 2 } }, { clock, identifyGate });
    const etas: number[] = [];
    manager.on('progress', ({ etaMs }) => etas.push(etaMs));
    void manager.connect().catch(() => undefined);
    await clock.advanceAsync(1);
    expect(etas[0]).toBe(3 * 1_000);
    const leaving = manager.disconnect();
    await clock.advanceAsync(6_000);
    await leaving;
  });
});

describe('the budget of session starts', () => {
  test('is never used below the reserve; that it is spent is said once, and the start goes on after the reset', async () => {
    const limit = { total: 10, remaining: 3, reset_after: 60_000 };
    const { manager, clock, sent, faults } = virtualManager({ shards: 4, limit }, { sessionStartReserve: 1 });
    const progress: unknown[] = [];
    manager.on('progress', (update) => progress.push(update));
    const connecting = manager.connect();
    await clock.advanceAsync(59_000);
    expect(sent(2)).toEqual([
      [0, 1],
      [1, 5_251],
    ]);
    expect(manager.status()).toMatchObject({ ready: 2, budget: { total: 10, remaining: 1 } });
    await clock.advanceAsync(10_000);
    await connecting;

    expect(sent(2)).toEqual([
      [0, 1],
      [1, 5_251],
      [2, 60_000],
      [3, 65_250],
    ]);
    expect(faults).toEqual([['IDENTIFY_BUDGET_SPENT', null, 5_252]]);
    expect(progress[0]).toEqual({ ready: 0, total: 4, etaMs: 4 * 5_250 + 60_000, remainingStarts: 3 });
    expect(progress.at(-1)).toEqual({ ready: 4, total: 4, etaMs: 0, remainingStarts: 8 });
    const leaving = manager.disconnect();
    await clock.advanceAsync(10);
    await leaving;
  });
});

describe('GET /gateway/bot', () => {
  test('is asked with the token in the header and nowhere else', async () => {
    const { manager, clock, asked } = virtualManager({}, { api: 'https://discord.test/api/v10/' });
    const connecting = manager.connect();
    await clock.advanceAsync(10);
    await connecting;

    const { signal, ...init } = asked[0]!.init;
    expect([asked[0]!.url, init, signal?.aborted]).toEqual([
      'https://discord.test/api/v10/gateway/bot',
      {
        headers: {
          Authorization: `Bot ${TOKEN}`,
          'User-Agent': expect.stringMatching(/^DiscordBot /),
          Accept: 'application/json',
        },
      },
      true,
    ]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('is asked again after failures, each time later, and 429 is obeyed', async () => {
    const answers = [
      () => jsonResponse(500, ''),
      () => new TypeError('fetch failed'),
      () => jsonResponse(503, '<html>'),
      () => jsonResponse(429, { message: 'slow down', retry_after: 7.5, global: false }),
      () => jsonResponse(429, '', { 'retry-after': '3' }),
      ok,
    ];
    const { manager, clock, asked, faults } = virtualManager({ answers });
    const connecting = manager.connect();
    await clock.advanceAsync(30_000);
    await connecting;

    // 500 ms, or what the answer asked for, and by these dice half of 500, 500, 1000, 2000, 4000.
    const times = asked.map(({ at }) => at);
    const waits = [500 + 250, 500 + 250, 500 + 500, 7_500 + 1_000, 3_000 + 2_000];
    expect(times.slice(1).map((at, index) => at - times[index]!)).toEqual(waits);
    expect(faults.map(([code, shardId]) => [code, shardId])).toEqual(
      Array.from({ length: 5 }, () => ['GATEWAY_INFO_FAILED', null]),
    );
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('that is not answered is asked again', async () => {
    const { manager, clock, asked, faults } = virtualManager({ answers: [() => null, ok] });
    const connecting = manager.connect();
    await clock.advanceAsync(11_000);
    await connecting;

    expect(asked.map(({ at, init }) => [at, init.signal?.aborted])).toEqual([
      [0, true],
      [10_750, true],
    ]);
    expect(faults).toEqual([['GATEWAY_INFO_FAILED', null, 10_000]]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test.each([
    ['401', jsonResponse(401, { message: '401: Unauthorized', code: 0 }), 'AUTHENTICATION_FAILED', /401/],
    ['404', jsonResponse(404, {}), 'GATEWAY_INFO_INVALID', /answered 404/],
    ['no JSON', jsonResponse(200, '<html>'), 'GATEWAY_INFO_INVALID', /no ws:\/\/ or wss:\/\/ URL/],
    ['null', jsonResponse(200, 'null'), 'GATEWAY_INFO_INVALID', /URL/],
    ['an https URL', jsonResponse(200, { ...infoBody(1), url: 'https://discord.com' }), 'GATEWAY_INFO_INVALID', /URL/],
    ['zero shards', jsonResponse(200, infoBody(0)), 'GATEWAY_INFO_INVALID', /number of shards/],
    ['half a shard', jsonResponse(200, infoBody(1.5)), 'GATEWAY_INFO_INVALID', /number of shards/],
    [
      'more left than there are',
      jsonResponse(200, infoBody(1, { total: 1, remaining: 2 })),
      'GATEWAY_INFO_INVALID',
      /budget/,
    ],
    ['a budget below zero', jsonResponse(200, infoBody(1, { remaining: -1 })), 'GATEWAY_INFO_INVALID', /budget/],
    ['no reset', jsonResponse(200, infoBody(1, { reset_after: Number.NaN })), 'GATEWAY_INFO_INVALID', /reset/],
    [
      'no concurrency',
      jsonResponse(200, infoBody(1, { max_concurrency: 0 })),
      'GATEWAY_INFO_INVALID',
      /max_concurrency/,
    ],
  ])('that answers %s ends the start with an error that says so', async (_, response, code, message) => {
    const { manager, clock, gateway } = virtualManager({ answers: [() => response] });
    const connecting = manager.connect();
    await clock.advanceAsync(100);
    await expect(connecting).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect([manager.state, gateway.sockets, clock.pending]).toEqual(['failed', [], 0]);
  });

  test('is not asked with a token that would be told by the error of fetch', async () => {
    const token = `${TOKEN}\u0000`;
    const { manager, clock, asked } = virtualManager({}, { token });
    const failure = manager.connect().catch((error: unknown) => error);
    await clock.advanceAsync(10);

    expect(String(await failure)).toBe("GatewayError: the token contains characters that a token can't have");
    expect(asked).toEqual([]);
  });

  test('is given up with the start', async () => {
    const { manager, clock, asked } = virtualManager({ answers: [() => null] });
    const connecting = manager.connect();
    await clock.advanceAsync(10);
    await manager.disconnect();
    await expect(connecting).rejects.toMatchObject({ code: 'STOPPED' });
    expect([asked[0]!.init.signal?.aborted, manager.state, clock.pending]).toEqual([true, 'stopped', 0]);
  });
});
