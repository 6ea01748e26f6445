import { describe, expect, test } from 'vitest';
import type { GatewayError, SendPayload } from '../../src/index.ts';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

const soundboardRequest = (id: number): SendPayload => ({ op: 31, d: { guild_ids: [String(id)] } });
const guildIdsOf = (packets: { d?: unknown }[]): number[] =>
  packets.map(({ d }) => Number((d as { guild_ids: string[] }).guild_ids[0]));
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'settled',
    (error: GatewayError) => error.code,
  );

const withQuery = (query: string) => ({ op: 8 as const, d: { guild_id: '1', limit: 0, query } });

describe('Shard: sending', () => {
  test.each(['READY', 'RESUMED'])(
    '25. payloads sent before the shard is ready go out in order after %s',
    async (answer) => {
      const session = { sessionId: 's', resumeUrl: 'wss://resume.test', sequence: 7, shardId: 0, shardCount: 1 };
      const { clock, gateway, shard } = virtualShard(answer === 'RESUMED' ? { session } : {});
      const sends = [0, 1, 2].map((id) => shard.send(soundboardRequest(id)));
      void shard.connect();
      sends.push(shard.send(soundboardRequest(3)));
      await clock.advanceAsync(100);
      expect(await Promise.all(sends)).toEqual([undefined, undefined, undefined, undefined]);
      expect(gateway.last.sentOps()).toEqual([answer === 'READY' ? 2 : 6, 31, 31, 31, 31]);
      expect(guildIdsOf(gateway.sent(31))).toEqual([0, 1, 2, 3]);
    },
  );

  test('25. pending sends reject when you disconnect or abort, so every send settles', async () => {
    const { clock, gateway, shard } = virtualShard();
    gateway.answers.ready = false;
    const connecting = codeOf(shard.connect());
    const abort = new AbortController();
    const [aborted, waiting] = [
      codeOf(shard.send(soundboardRequest(0), { signal: abort.signal })),
      codeOf(shard.send(soundboardRequest(1))),
    ];
    await clock.advanceAsync(100);
    expect(shard.pendingSends).toBe(2);
    abort.abort();
    const [stopping] = [shard.disconnect(), clock.advanceAsync(100)];
    await stopping;
    expect(await aborted).toBe('ABORTED');
    expect(await waiting).toBe('STOPPED');
    expect(await connecting).toBe('STOPPED');
    expect(shard.pendingSends).toBe(0);
    expect(await codeOf(shard.send(soundboardRequest(2)))).toBe('STOPPED');
  });

  test('25. an aborted send rejects with the reason of its signal as the cause', async () => {
    const { shard } = virtualShard();
    const error = await shard
      .send(soundboardRequest(0), { signal: AbortSignal.abort('no longer needed') })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ABORTED', cause: 'no longer needed' });
  });

  test('26. of 200 sends at once the shard sends at most 120 frames in any 60 s, heartbeats included and never late', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    const helloAt = gateway.last.openedAt + 1;
    const sends = Array.from({ length: 200 }, (_, id) => shard.send(soundboardRequest(id)));
    await clock.advanceAsync(130_000);
    expect(await Promise.all(sends)).toHaveLength(200);
    const at = gateway.last.sent.map((packet) => packet.at);
    const busiest = Math.max(...at.map((from) => at.filter((other) => other >= from && other <= from + 60_000).length));
    expect(busiest).toBeLessThanOrEqual(120);
    expect(busiest).toBeGreaterThan(110);
    expect(gateway.sent(1).map((packet) => packet.at - helloAt)).toEqual([20_000, 60_000, 100_000]);
    expect(guildIdsOf(gateway.sent(31))).toEqual(Array.from({ length: 200 }, (_, id) => id));
    expect(events.of('throttled')).toEqual([
      { pending: 1, retryAfterMs: expect.any(Number) },
      { pending: expect.any(Number), retryAfterMs: expect.any(Number) },
    ]);
  });

  test('26. after a reconnect RESUME goes first, and the send limit starts from zero', async () => {
    const { clock, gateway, shard } = await readyShard();
    const sends = Array.from({ length: 200 }, (_, id) => shard.send(soundboardRequest(id)));
    await clock.advanceAsync(10);
    gateway.last.end(1006);
    await clock.advanceAsync(1_000);
    await Promise.all(sends);
    const [first, second] = gateway.sockets;
    expect(second!.sentOps()[0]).toBe(6);
    expect([...guildIdsOf(first!.sent.slice(1)), ...guildIdsOf(second!.sent.slice(1))]).toEqual(
      Array.from({ length: 200 }, (_, id) => id),
    );
  });

  test('26. the shard sends at most 5 presences in 20 s, and only the last of those that wait', async () => {
    const { clock, gateway, shard } = await readyShard();
    const updates = Array.from({ length: 12 }, (_, since) =>
      shard.updatePresence({ status: 'idle', activities: [], afk: false, since } as never),
    );
    await shard.send(soundboardRequest(1));
    expect(gateway.sent(3)).toHaveLength(5);
    await clock.advanceAsync(25_000);
    expect(await Promise.all(updates)).toHaveLength(12);
    expect(gateway.sent(3).map(({ d }) => (d as { since: number }).since)).toEqual([0, 1, 2, 3, 4, 11]);
  });

  test('27. a payload over 4096 bytes rejects with PAYLOAD_TOO_LARGE, and the shard stays ready', async () => {
    const { gateway, shard } = await readyShard();
    const fits = 4096 - JSON.stringify(withQuery('')).length;
    await shard.send(withQuery('x'.repeat(fits)));
    expect(await codeOf(shard.send(withQuery('x'.repeat(fits + 1))))).toBe('PAYLOAD_TOO_LARGE');
    expect(await codeOf(shard.send(withQuery('é'.repeat(fits / 2 + 1))))).toBe('PAYLOAD_TOO_LARGE');
    expect(shard.state).toBe('ready');
    expect(gateway.sent(8)).toHaveLength(1);
  });

  test("28. send() rejects Identify, Resume, Heartbeat and payloads that JSON can't hold", async () => {
    const { gateway, shard } = await readyShard();
    const before = gateway.last.sent.length;
    // @ts-expect-error the shard itself sends heartbeats
    const heartbeat = shard.send({ op: 1, d: 1 });
    // @ts-expect-error the shard itself sends Identify
    const identify = shard.send({ op: 2, d: {} });
    // @ts-expect-error the shard itself sends Resume
    const resume = shard.send({ op: 6, d: {} });
    expect(await Promise.all([heartbeat, identify, resume].map(codeOf))).toEqual(Array(3).fill('OPCODE_NOT_ALLOWED'));
    const circular: { guild_ids: string[]; self?: unknown } = { guild_ids: [] };
    circular.self = circular;
    const invalid = [
      { op: 31, d: circular },
      { op: 31, d: { guild_ids: [1n] } },
      { op: 31 },
      { op: '31', d: {} },
      null,
      'x',
    ];
    expect(await Promise.all(invalid.map((payload) => codeOf(shard.send(payload as never))))).toEqual(
      Array(6).fill('INVALID_PAYLOAD'),
    );
    expect(gateway.last.sent).toHaveLength(before);
  });

  test('send() captures the payload when it is called', async () => {
    const { clock, gateway, shard } = virtualShard();
    const payload = { op: 31 as const, d: { guild_ids: ['1'] } };
    const sent = shard.send(payload);
    payload.d.guild_ids.push('2');
    void shard.connect();
    await clock.advanceAsync(100);
    await sent;
    expect(gateway.sent(31)[0]!.d).toEqual({ guild_ids: ['1'] });
  });

  test('29. requestGuildMembers() resolves with all chunks merged in order', async () => {
    const { clock, gateway, shard } = await readyShard();
    const request = shard.requestGuildMembers({ guild_id: '7', query: '', limit: 0, presences: true });
    await clock.advanceAsync(10);
    const { nonce } = gateway.sent(8)[0]!.d as { nonce: string };
    const chunk = (index: number, user: string, more = {}) =>
      gateway.dispatch('GUILD_MEMBERS_CHUNK', {
        guild_id: '7',
        chunk_index: index,
        chunk_count: 2,
        members: [{ user: { id: user } }],
        nonce,
        ...more,
      });
    chunk(1, 'b', { presences: [{ status: 'idle' }] });
    chunk(0, 'a', { not_found: ['z'] });
    expect(await request).toEqual({
      guildId: '7',
      members: [{ user: { id: 'a' } }, { user: { id: 'b' } }],
      notFound: ['z'],
      presences: [{ status: 'idle' }],
      nonce,
    });
  });

  test('29. the timeout of a member request restarts with each chunk', async () => {
    const { clock, gateway, shard } = await readyShard();
    const request = codeOf(shard.requestGuildMembers({ guild_id: '7', query: '', limit: 0 }, { timeoutMs: 1_000 }));
    await clock.advanceAsync(10);
    const { nonce } = gateway.sent(8)[0]!.d as { nonce: string };
    for (let index = 0; index < 5; index += 1) {
      gateway.dispatch('GUILD_MEMBERS_CHUNK', {
        guild_id: '7',
        chunk_index: index,
        chunk_count: 9,
        members: [],
        nonce,
      });
      await clock.advanceAsync(900);
    }
    await clock.advanceAsync(200);
    expect(await request).toBe('REQUEST_TIMED_OUT');
  });

  test('29. RATE_LIMITED makes the shard emit rateLimited and send the member request again after retry_after', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    const request = codeOf(shard.requestGuildMembers({ guild_id: '7', query: '', limit: 0 }, { timeoutMs: 13_000 }));
    await clock.advanceAsync(10);
    const { nonce } = gateway.sent(8)[0]!.d as { nonce: string };
    gateway.dispatch('RATE_LIMITED', { opcode: 8, retry_after: 12.5, meta: { guild_id: '7', nonce } });
    await clock.advanceAsync(12_400);
    expect(gateway.sent(8)).toHaveLength(1);
    await clock.advanceAsync(200);
    expect(gateway.sent(8)).toHaveLength(2);
    gateway.dispatch('GUILD_MEMBERS_CHUNK', { guild_id: '7', chunk_index: 0, chunk_count: 1, members: [], nonce });
    expect(await request).toBe('settled');
    expect(events.of('rateLimited')).toEqual([{ opcode: 8, retryAfter: 12.5, guildId: '7', nonce }]);
  });

  test('29. a lost connection rejects the member requests sent on it', async () => {
    const { clock, gateway, shard } = await readyShard();
    const request = codeOf(shard.requestGuildMembers({ guild_id: '7', query: '', limit: 0 }));
    await clock.advanceAsync(10);
    gateway.last.end(1006);
    expect(await request).toBe('CONNECTION_LOST');
  });
});
