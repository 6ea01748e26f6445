/** What a shard publishes on the channels of node:diagnostics_channel, and that it publishes only to subscribers. */
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { PresenceUpdateStatus } from 'discord-api-types/v10';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MemoryIdentifyGate } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { virtualManager } from '../kit/virtual-manager.ts';
import { TOKEN, virtualShard } from '../kit/virtual-shard.ts';

const NAMES = ['shardwright:shard', 'shardwright:identify', 'shardwright:send'] as const;
const open: [string, (message: unknown) => void][] = [];

/** Records all messages from now on, by channel. */
function recordMessages(): Readonly<Record<(typeof NAMES)[number], Record<string, unknown>[]>> {
  const published = { 'shardwright:shard': [], 'shardwright:identify': [], 'shardwright:send': [] } as Record<
    (typeof NAMES)[number],
    Record<string, unknown>[]
  >;
  for (const name of NAMES) {
    const onMessage = (message: unknown): void => void published[name].push(message as Record<string, unknown>);
    subscribe(name, onMessage);
    open.push([name, onMessage]);
  }
  return published;
}

async function stop(target: { disconnect(): Promise<void> }, clock: VirtualClock): Promise<void> {
  const disconnected = target.disconnect();
  await clock.advanceAsync(6_000);
  await disconnected;
}

afterEach(() => {
  for (const [name, onMessage] of open.splice(0)) unsubscribe(name, onMessage);
});

describe('shardwright:shard', () => {
  test('publishes states, sessions, losses and heartbeats of a shard', async () => {
    const published = recordMessages();
    const { shard, clock, gateway } = virtualShard({ shardId: 3, shardCount: 8 });
    const connected = shard.connect();
    await clock.advanceAsync(100);
    await connected;
    gateway.sockets[0]!.end(4000, 'a reason of the gateway');
    await clock.advanceAsync(60_000);

    expect(published['shardwright:shard'].slice(0, 9)).toEqual([
      { event: 'stateChange', shardId: 3, from: 'disconnected', to: 'connecting' },
      { event: 'stateChange', shardId: 3, from: 'connecting', to: 'identifying' },
      { event: 'stateChange', shardId: 3, from: 'identifying', to: 'ready' },
      { event: 'ready', shardId: 3, guilds: 0 },
      { event: 'stateChange', shardId: 3, from: 'ready', to: 'reconnecting' },
      { event: 'disconnected', shardId: 3, code: 4000, initiator: 'gateway', willReconnect: true, willResume: true },
      { event: 'stateChange', shardId: 3, from: 'reconnecting', to: 'connecting' },
      { event: 'stateChange', shardId: 3, from: 'connecting', to: 'resuming' },
      { event: 'stateChange', shardId: 3, from: 'resuming', to: 'ready' },
    ]);
    expect(published['shardwright:shard'].find(({ event }) => event === 'heartbeat')).toEqual({
      event: 'heartbeat',
      shardId: 3,
      latencyMs: expect.any(Number) as number,
    });
    expect(JSON.stringify(published)).not.toContain('a reason of the gateway');
    await stop(shard, clock);
  });

  test('publishes a failure with its code only', async () => {
    const published = recordMessages();
    const { shard, clock, gateway } = virtualShard();
    void shard.connect().catch(() => undefined);
    await clock.advanceAsync(10);
    gateway.sockets[0]!.end(4004, 'no');
    await clock.advanceAsync(100);
    expect(published['shardwright:shard'].at(-1)).toEqual({
      event: 'failed',
      shardId: 0,
      code: 'AUTHENTICATION_FAILED',
    });
  });
});

describe('shardwright:identify', () => {
  test('publishes each permit once for a manager, with its wait and the remaining session starts', async () => {
    const published = recordMessages();
    const { manager, clock } = virtualManager({ shards: 2 });
    const connected = manager.connect();
    await clock.advanceAsync(10_000);
    await connected;
    expect(published['shardwright:identify'].map(({ event, shardId }) => [event, shardId])).toEqual([
      ['granted', 0],
      ['sent', 0],
      ['granted', 1],
      ['sent', 1],
    ]);
    const [, first, , second] = published['shardwright:identify'];
    expect(first).toEqual({ event: 'sent', shardId: 0, waitMs: expect.any(Number) as number, remainingStarts: 999 });
    expect(second).toMatchObject({ remainingStarts: 998 });
    expect(Number(second!['waitMs'])).toBeGreaterThan(Number(first!['waitMs']) + 4_000);
    await stop(manager, clock);
  });

  test('publishes that a shard abandoned its wait, and that no session starts are left', async () => {
    const published = recordMessages();
    const clock = new VirtualClock();
    const identifyGate = new MemoryIdentifyGate({ clock, total: 10, remaining: 0, resetAfterMs: 600_000 });
    const { shard } = virtualShard({ identifyGate }, clock);
    void shard.connect().catch(() => undefined);
    await clock.advanceAsync(5_000);
    void shard.disconnect();
    await clock.advanceAsync(6_000);
    expect(published['shardwright:identify']).toEqual([
      { event: 'budgetSpent', shardId: 0, retryAfterMs: expect.any(Number) as number },
      { event: 'abandoned', shardId: 0, waitMs: expect.any(Number) as number },
    ]);
  });
});

describe('shardwright:send', () => {
  test('publishes sent, throttled and abandoned payloads without their content', async () => {
    const published = recordMessages();
    const { shard, clock } = virtualShard();
    const connected = shard.connect();
    const abort = new AbortController();
    const waiting = shard.send({ op: 8, d: { guild_id: '1', query: 'secret', limit: 1 } }, { signal: abort.signal });
    abort.abort();
    await waiting.catch(() => undefined);
    await clock.advanceAsync(100);
    await connected;
    for (let count = 0; count < 6; count += 1)
      void shard.updatePresence({
        since: null,
        activities: [{ name: `secret ${count}`, type: 0 }],
        status: PresenceUpdateStatus.Online,
        afk: false,
      });
    await clock.advanceAsync(0);

    expect(published['shardwright:send'][0]).toEqual({
      event: 'abandoned',
      shardId: 0,
      kind: 'command',
      waitMs: 0,
      code: 'ABORTED',
    });
    expect(published['shardwright:send'].filter(({ event }) => event === 'sent')).toHaveLength(5);
    expect(published['shardwright:send'][1]).toEqual({
      event: 'sent',
      shardId: 0,
      kind: 'presence',
      waitMs: 0,
      pending: 0,
    });
    expect(published['shardwright:send'].at(-1)).toEqual({
      event: 'throttled',
      shardId: 0,
      pending: 1,
      retryAfterMs: expect.any(Number) as number,
    });
    expect(JSON.stringify(published)).not.toMatch(new RegExp(`secret|${TOKEN}`));
    await stop(shard, clock);
  });
});

describe('the channels', () => {
  test('receive nothing without a subscriber', async () => {
    const published = NAMES.map((name) => vi.spyOn(channel(name), 'publish'));
    const { shard, clock } = virtualShard();
    const connected = shard.connect();
    await clock.advanceAsync(100);
    await connected;
    await shard.updatePresence({ since: null, activities: [], status: PresenceUpdateStatus.Online, afk: false });
    expect(published.map((publish) => publish.mock.calls.length)).toEqual([0, 0, 0]);
    for (const publish of published) publish.mockRestore();
    await stop(shard, clock);
  });

  test('receive nothing for a dispatch, even with subscribers', async () => {
    const published = recordMessages();
    const { shard, clock, gateway } = virtualShard();
    const connected = shard.connect();
    await clock.advanceAsync(100);
    await connected;
    const before = published['shardwright:shard'].length;
    let seen = 0;
    shard.on('dispatch', () => (seen += 1)).on('raw', () => undefined);
    for (let s = 2; s < 102; s += 1) gateway.sockets[0]!.receive({ op: 0, t: 'MESSAGE_CREATE', s, d: {} });
    await clock.advanceAsync(100);
    expect(seen).toBe(100);
    expect(published['shardwright:shard']).toHaveLength(before);
    await stop(shard, clock);
  });
});
