import { describe, expect, onTestFinished, test } from 'vitest';
import type { FakeGatewayOptions } from '../../../src/testing/index.ts';
import { FakeGateway, VirtualClock } from '../../../src/testing/index.ts';
import { RawClient, TOKEN, identity } from './raw-client.ts';

async function listen(options: FakeGatewayOptions = {}): Promise<{ gateway: FakeGateway; clock: VirtualClock }> {
  const clock = new VirtualClock();
  const gateway = await FakeGateway.listen({ clock, ...options });
  onTestFinished(() => gateway.close());
  return { gateway, clock };
}

/** Identifies on a new connection. Resolves with the answer: `READY`, or op 9 with its `d`. */
async function attempt(gateway: FakeGateway, shard: [number, number]): Promise<unknown> {
  const client = await RawClient.afterHello(gateway);
  client.send(2, { ...identity, shard });
  await client.nextChange();
  const { op, t, d } = client.packets[1] ?? { op: null };
  return op === 0 ? t : [op, d];
}

async function budget(gateway: FakeGateway): Promise<unknown> {
  const response = await fetch(`${gateway.apiUrl}/gateway/bot`, { headers: { authorization: `Bot ${TOKEN}` } });
  const body: unknown = await response.json();
  return typeof body === 'object' && body !== null && 'session_start_limit' in body ? body.session_start_limit : null;
}

describe('the rate limit of FakeGateway on IDENTIFY', () => {
  test('allows one per 5 s; an earlier one gets op 9 false, and the connection stays open', async () => {
    const { gateway, clock } = await listen();
    const first = await attempt(gateway, [0, 2]);
    const client = await RawClient.afterHello(gateway);
    client.send(2, { ...identity, shard: [1, 2] });
    expect((await client.next(9)).d).toBe(false);
    clock.advance(5000);
    client.send(2, { ...identity, shard: [1, 2] });
    await client.next('READY');
    expect(first).toBe('READY');
    expect(gateway.stats.identifies).toBe(2);
    expect(gateway.stats.violations).toEqual([
      {
        code: null,
        what: 'IDENTIFY of shard 1 came 0 ms after the last one of key 0',
        connection: 1,
        at: clock.now() - 5000,
      },
    ]);
  });

  test('allows an IDENTIFY 250 ms earlier, because the network delays frames, and no more', async () => {
    const { gateway, clock } = await listen();
    await attempt(gateway, [0, 1]);
    clock.advance(4749);
    expect(await attempt(gateway, [0, 1])).toEqual([9, false]);
    clock.advance(1);
    expect(await attempt(gateway, [0, 1])).toBe('READY');
  });

  test('counts each key shard_id % max_concurrency separately', async () => {
    const { gateway } = await listen({ sessionStartLimit: { maxConcurrency: 2 } });
    const answers = [];
    for (const id of [0, 1, 2, 3]) answers.push(await attempt(gateway, [id, 4]));
    expect(answers).toEqual(['READY', 'READY', [9, false], [9, false]]);
  });

  test('does not count an IDENTIFY that it rejects', async () => {
    const { gateway, clock } = await listen();
    await attempt(gateway, [0, 1]);
    clock.advance(3000);
    await attempt(gateway, [0, 1]);
    clock.advance(2000);
    expect(await attempt(gateway, [0, 1])).toBe('READY');
  });
});

describe('the budget of session starts in FakeGateway', () => {
  test('decreases with each IDENTIFY, and not with RESUME', async () => {
    const { gateway } = await listen({
      identifyIntervalMs: 0,
      sessionStartLimit: { total: 10, remaining: 7, resetAfterMs: 60_000, maxConcurrency: 16 },
    });
    const client = await RawClient.ready(gateway);
    const sessionId = gateway.history[0]?.sessionId ?? '';
    client.socket.close(4000);
    await client.closed;
    await (await RawClient.resuming(gateway, sessionId, 1)).next('RESUMED');
    expect(await budget(gateway)).toEqual({ total: 10, remaining: 6, reset_after: 60_000, max_concurrency: 16 });
  });

  test('answers op 9 false when it is spent, and is full again after reset_after, for a day', async () => {
    const { gateway, clock } = await listen({
      identifyIntervalMs: 0,
      heartbeatIntervalMs: 86_400_000,
      sessionStartLimit: { total: 3, remaining: 1, resetAfterMs: 60_000 },
    });
    expect(await attempt(gateway, [0, 1])).toBe('READY');
    expect(await attempt(gateway, [0, 1])).toEqual([9, false]);
    clock.advance(59_999);
    expect(await attempt(gateway, [0, 1])).toEqual([9, false]);
    expect(await budget(gateway)).toMatchObject({ remaining: 0, reset_after: 1 });
    clock.advance(1);
    expect(await attempt(gateway, [0, 1])).toBe('READY');
    expect(await budget(gateway)).toMatchObject({ total: 3, remaining: 2, reset_after: 86_400_000 });
    expect(gateway.stats.violations.map(({ what }) => what)).toEqual([
      'IDENTIFY of shard 0 came with no session start left',
      'IDENTIFY of shard 0 came with no session start left',
    ]);
  });
});
