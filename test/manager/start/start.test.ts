/** How a manager starts: its calls of GET /gateway/bot, and the order and pace of its shards. On virtual time. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate, MemorySessionStore } from '../../../src/index.ts';
import type { GatewayError, Session, SessionStore } from '../../../src/index.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { jsonResponse, infoBody, virtualManager } from '../../kit/virtual-manager.ts';
import { TOKEN } from '../../kit/virtual-shard.ts';

const PAGE = '<html>please sign in</html>';

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

const refused = (): Error =>
  Object.assign(new Error('Network Error'), {
    code: 'ECONNREFUSED',
    config: { headers: { Authorization: `Bot ${TOKEN}` } },
    cause: new Error(`sent Bot ${TOKEN}`),
  });

describe('the start of a manager', () => {
  test('starts 16 buckets of 16 shards one after the other, each 5 s after the one before', async () => {
    const { manager, clock, sent } = virtualManager({ shards: 256, limit: { max_concurrency: 16 } });
    const connecting = manager.connect();
    await clock.advanceAsync(90_000);
    await connecting;

    const identified = sent(2);
    expect(identified.map(([id]) => id).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 256 }, (_, id) => id));
    // A socket takes 1 ms to open. Discord asks for 5 s, and the gate adds a margin of 250 ms.
    const expected = Array.from({ length: 16 }, (_, bucket) => 1 + bucket * 5_250);
    for (const [id, at] of identified) expect([id, at]).toEqual([id, expected[Math.floor(id / 16)]]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('opens no socket long before its turn', async () => {
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

  test('resumes shards with a stored session at once and identifies the others in order', async () => {
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
    const disconnecting = manager.disconnect();
    await clock.advanceAsync(10);
    await disconnecting;
  });

  test('stays stopped when a listener calls forceClose() during the start', async () => {
    const sessionStore = await storeWith(session(0, 3), session(1, 3), session(2, 3));
    const { manager, clock, gateway } = virtualManager({ shards: 3 }, { sessionStore });
    manager.once('stateChange', () => manager.forceClose());
    const connecting = manager.connect();
    await clock.advanceAsync(10_000);
    await expect(connecting).rejects.toMatchObject({ code: 'STOPPED' });

    expect(manager.state).toBe('stopped');
    expect(gateway.sockets.filter(({ readyState }) => readyState !== 3)).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('does not restore used session starts when it starts a shard again', async () => {
    const { manager, clock, faults, sent } = virtualManager({ shards: 2, limit: { remaining: 2, max_concurrency: 2 } });
    void manager.connect();
    await clock.advanceAsync(10_000);
    void manager.shards.get(1)?.disconnect({ session: 'discard' });
    await clock.advanceAsync(100);
    void manager.connect();
    await clock.advanceAsync(60_000);

    expect(sent(2).length).toBe(2);
    expect(faults.map(([code]) => code)).toEqual(['IDENTIFY_BUDGET_SPENT']);
    manager.forceClose();
    await clock.advanceAsync(10_000);
  });

  test('starts the shards of a resharding in order, whatever sessions the store has', async () => {
    const sessionStore = await storeWith(session(2, 3));
    const { manager, clock, gateway, sent } = virtualManager({ shards: 1 }, { sessionStore });
    gateway.allowViolation('heartbeat-pace', 'the hand-over sends heartbeats of its own');
    void manager.connect();
    await clock.advanceAsync(10_000);
    void manager.reshard(3);
    await clock.advanceAsync(30_000);

    expect(sent(2).map(([shardId]) => shardId)).toEqual([0, 0, 1, 2]);
    manager.forceClose();
    await clock.advanceAsync(10_000);
  });

  test('does not resume a session of another shard count', async () => {
    const sessionStore = await storeWith(session(0, 4), session(1, 4));
    const { manager, clock, sent } = virtualManager({ shards: 2 }, { sessionStore });
    void manager.connect();
    await clock.advanceAsync(6_000);

    expect(sent(6)).toEqual([]);
    expect(sent(2)).toEqual([
      [0, 1],
      [1, 5_251],
    ]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('goes on after connectTimeoutMs when the store does not answer', async () => {
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

    expect(sent(2)).toEqual([[0, 3_001]]);
    expect(faults).toEqual([['SESSION_STORE_FAILED', 0, 3_000]]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('does not delay the next buckets when a shard loses its connections', async () => {
    const { manager, clock, gateway, sent } = virtualManager({ shards: 3 });
    const connecting = manager.connect();
    await clock.advanceAsync(0);
    gateway.sockets[0]!.fail('ECONNREFUSED');
    gateway.answers.hello = false;
    await clock.advanceAsync(1);
    gateway.answers.hello = true;
    await clock.advanceAsync(30_000);
    await connecting;

    // Shard 0 tried again at once. Shard 1 waited 15 s for a HELLO.
    expect(sent(2).map(([id]) => id)).toEqual([0, 2, 1]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });
});

describe('the progress of a start', () => {
  test('estimates the time with the spacing of the identify gate', async () => {
    const clock = new VirtualClock();
    const identifyGate = new MemoryIdentifyGate({ clock, maxConcurrency: 2, spacingMs: 800, marginMs: 200 });
    const { manager } = virtualManager({ shards: 6, limit: { max_concurrency: 2 } }, { clock, identifyGate });
    const etas: number[] = [];
    manager.on('progress', ({ etaMs }) => etas.push(etaMs));
    void manager.connect().catch(() => undefined);
    await clock.advanceAsync(1);
    expect(etas[0]).toBe(3 * 1_000);
    const disconnecting = manager.disconnect();
    await clock.advanceAsync(6_000);
    await disconnecting;
  });
});

describe('the budget of session starts', () => {
  test('is not used below the reserve: one fault is reported, and the start continues after the reset', async () => {
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
    const disconnecting = manager.disconnect();
    await clock.advanceAsync(10);
    await disconnecting;
  });
});

describe('GET /gateway/bot', () => {
  test('is called with the token in the header and nowhere else', async () => {
    const { manager, clock, requests } = virtualManager({}, { api: 'https://discord.test/api/v10/' });
    const connecting = manager.connect();
    await clock.advanceAsync(10);
    await connecting;

    const { signal, ...init } = requests[0]!.init;
    expect(requests[0]!.url).toBe('https://discord.test/api/v10/gateway/bot');
    expect(init).toEqual({
      headers: {
        Authorization: `Bot ${TOKEN}`,
        'User-Agent': expect.stringMatching(/^DiscordBot /),
        Accept: 'application/json',
      },
    });
    expect(signal?.aborted).toBe(true);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('is called again after failures, each time later, and after a 429 when that allows it', async () => {
    const answers = [
      () => jsonResponse(500, ''),
      () => new TypeError('fetch failed'),
      () => jsonResponse(503, '<html>'),
      () => jsonResponse(429, { message: 'slow down', retry_after: 7.5, global: false }),
      () => jsonResponse(429, '', { 'retry-after': '3' }),
      ok,
    ];
    const { manager, clock, requests, faults } = virtualManager({ answers });
    const connecting = manager.connect();
    await clock.advanceAsync(30_000);
    await connecting;

    // 500 ms or the time in the answer, plus half of 500, 500, 1000, 2000, 4000 with this `random`.
    const times = requests.map(({ at }) => at);
    const waits = [500 + 250, 500 + 250, 500 + 500, 7_500 + 1_000, 3_000 + 2_000];
    expect(times.slice(1).map((at, index) => at - times[index]!)).toEqual(waits);
    expect(faults.map(([code, shardId]) => [code, shardId])).toEqual(
      Array.from({ length: 5 }, () => ['GATEWAY_INFO_FAILED', null]),
    );
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test.each([
    ['the sign-in page of a network', 200, PAGE, /answered 200 with a web page/],
    ['the page of a firewall', 403, PAGE, /answered 403 with a web page/],
    ['a proxy that has not started', 404, '', /answered 404 with nothing/],
    ['a proxy that wants a password', 401, PAGE, /answered 401 with a web page/],
    ['an answer that was cut off', 200, '{"url":"wss://gate', /answered 200 with something else/],
    ['an endless answer', 200, 'x'.repeat(2 * 1024 * 1024), /more than 1048576 bytes/],
  ])('is called again, with a fault, after %s', async (_, status, body, message) => {
    const answer = (): Response => new Response(body, { status, headers: { 'content-type': 'text/html' } });
    const { manager, clock } = virtualManager({ answers: [answer, answer, ok] });
    const faults: GatewayError[] = [];
    manager.on('fault', (fault) => faults.push(fault));
    const connecting = manager.connect();
    await clock.advanceAsync(10_000);
    await connecting;

    expect(faults.map(({ code }) => code)).toEqual(['GATEWAY_INFO_FAILED', 'GATEWAY_INFO_FAILED']);
    for (const fault of faults) expect(fault.message).toMatch(message);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('waits until the date in Retry-After, by the clock of the server', async () => {
    const dates = { date: 'Sat, 01 Jan 2000 00:00:00 GMT', 'retry-after': 'Sat, 01 Jan 2000 00:00:40 GMT' };
    const { manager, clock, requests } = virtualManager({ answers: [() => jsonResponse(503, '<html>', dates), ok] });
    const connecting = manager.connect();
    await clock.advanceAsync(60_000);
    await connecting;
    expect(requests.map(({ at }) => at)).toEqual([0, 40_250]);
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('reports an error of fetch without the request that is attached to it', async () => {
    const { manager, clock } = virtualManager({ answers: [refused, ok] });
    const faults: GatewayError[] = [];
    manager.on('fault', (fault) => faults.push(fault));
    const connecting = manager.connect();
    await clock.advanceAsync(10_000);
    await connecting;
    expect(faults.map(({ message }) => message)).toEqual([
      'GET /gateway/bot failed: discord.com: Network Error (ECONNREFUSED)',
    ]);
    expect(inspect(faults, { depth: null, showHidden: true })).not.toContain(TOKEN);
    expect(faults[0]?.cause).toMatchObject({ message: 'Network Error', code: 'ECONNREFUSED' });
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('is called again when it is not answered', async () => {
    const { manager, clock, requests, faults } = virtualManager({ answers: [() => null, ok] });
    const connecting = manager.connect();
    await clock.advanceAsync(11_000);
    await connecting;

    expect(requests.map(({ at, init }) => [at, init.signal?.aborted])).toEqual([
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
    ['null', jsonResponse(200, 'null'), 'GATEWAY_INFO_INVALID', /URL/],
    ['an https URL', jsonResponse(200, { ...infoBody(1), url: 'https://discord.com' }), 'GATEWAY_INFO_INVALID', /URL/],
    [
      'a ws URL, although the API is https',
      jsonResponse(200, { ...infoBody(1), url: 'ws://gateway.discord.gg' }),
      'GATEWAY_INFO_INVALID',
      /not encrypted/,
    ],
    ['zero shards', jsonResponse(200, infoBody(0)), 'GATEWAY_INFO_INVALID', /number of shards/],
    ['half a shard', jsonResponse(200, infoBody(1.5)), 'GATEWAY_INFO_INVALID', /number of shards/],
    [
      'more session starts left than there are',
      jsonResponse(200, infoBody(1, { total: 1, remaining: 2 })),
      'GATEWAY_INFO_INVALID',
      /budget/,
    ],
    ['a budget below zero', jsonResponse(200, infoBody(1, { remaining: -1 })), 'GATEWAY_INFO_INVALID', /budget/],
    [
      'no time of the reset',
      jsonResponse(200, infoBody(1, { reset_after: Number.NaN })),
      'GATEWAY_INFO_INVALID',
      /reset/,
    ],
    [
      'no max_concurrency',
      jsonResponse(200, infoBody(1, { max_concurrency: 0 })),
      'GATEWAY_INFO_INVALID',
      /max_concurrency/,
    ],
  ])('ends the start with an error when it answers %s', async (_, response, code, message) => {
    const { manager, clock, gateway } = virtualManager({ answers: [() => response] });
    const connecting = manager.connect();
    await clock.advanceAsync(100);
    await expect(connecting).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(manager.state).toBe('failed');
    expect(gateway.sockets).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('ends the start with an error when it names a host that allowedHosts does not list', async () => {
    const { manager, clock, gateway } = virtualManager({}, { allowedHosts: ['gateway.discord.gg'] });
    const connecting = manager.connect();
    await clock.advanceAsync(100);
    const message = 'GET /gateway/bot returned a URL that is not used: allowedHosts does not list its host';
    await expect(connecting).rejects.toMatchObject({ code: 'GATEWAY_INFO_INVALID', message });
    expect(gateway.sockets).toEqual([]);
  });

  test('may name any host that allowedHosts lists', async () => {
    const { manager, clock } = virtualManager({}, { allowedHosts: ['gateway.discord.gg', '*.test'] });
    void manager.connect();
    await clock.advanceAsync(100);
    expect(manager.state).toBe('running');
    manager.forceClose();
    await clock.advanceAsync(10);
  });

  test('is not called with a token that the error of fetch would contain', async () => {
    const token = `${TOKEN}\u0000`;
    const { manager, clock, requests } = virtualManager({}, { token });
    const failure = manager.connect().catch((error: unknown) => error);
    await clock.advanceAsync(10);

    expect(String(await failure)).toBe("GatewayError: the token contains characters that a token can't have");
    expect(requests).toEqual([]);
  });

  test('is aborted when the manager is disconnected', async () => {
    const { manager, clock, requests } = virtualManager({ answers: [() => null] });
    const connecting = manager.connect();
    await clock.advanceAsync(10);
    await manager.disconnect();
    await expect(connecting).rejects.toMatchObject({ code: 'STOPPED' });
    expect(requests[0]!.init.signal?.aborted).toBe(true);
    expect(manager.state).toBe('stopped');
    expect(clock.pending).toBe(0);
  });
});
