/** Listeners that call the shard while it emits an event. */
import { PresenceUpdateStatus } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import type { Shard } from '../../src/index.ts';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

const elsewhere = { sessionId: 'elsewhere', resumeUrl: 'wss://resume.test', sequence: 7, shardId: 0, shardCount: 1 };
const IDLE = { since: null, activities: [], status: PresenceUpdateStatus.Idle, afk: false };

describe('a listener that calls the shard', () => {
  test('resume() during forceClose() resumes the given session on a new socket', async () => {
    const { shard, gateway, clock } = await readyShard();
    shard.once('disconnected', () => void shard.resume(elsewhere));
    shard.forceClose(1000);
    await clock.advanceAsync(100);
    expect(gateway.sockets.map(({ readyState }) => readyState)).toEqual([3, 1]);
    expect(gateway.last.sent.filter(({ op }) => op === 6).map(({ d }) => d)).toMatchObject([
      { session_id: 'elsewhere', seq: 7 },
    ]);
    expect(shard.state).toBe('ready');
    expect(shard.session?.sessionId).toBe('elsewhere');
  });

  test('resume() while disconnect() discards another session resumes the given one', async () => {
    const { shard, gateway, clock } = await readyShard();
    shard.once('stateChange', () => void shard.resume(elsewhere));
    void shard.disconnect({ session: 'discard' });
    await clock.advanceAsync(5_100);
    expect(gateway.last.sent.filter(({ op }) => op === 6).map(({ d }) => d)).toMatchObject([
      { session_id: 'elsewhere', seq: 7 },
    ]);
    expect(shard.state).toBe('ready');
    expect(shard.session?.sessionId).toBe('elsewhere');
  });

  test('resume() at HELLO of another session resumes only on the host of the given one', async () => {
    const { shard, gateway, clock } = await readyShard();
    const { length } = gateway.sockets;
    shard.once('hello', () => void shard.resume(elsewhere));
    void shard.reconnect();
    await clock.advanceAsync(5_100);
    const resumes = gateway.sockets
      .slice(length)
      .map(({ url, sent }) => [new URL(url).host, sent.filter(({ op }) => op === 6).map(({ d }) => d)]);
    expect(resumes).toMatchObject([
      [expect.any(String), []],
      ['resume.test', [{ session_id: 'elsewhere', seq: 7 }]],
    ]);
    expect(shard.state).toBe('ready');
    expect(shard.session?.sessionId).toBe('elsewhere');
  });

  test('forceClose() leaves no socket when one was about to be opened', async () => {
    const broken = {
      load: () => Promise.reject(new Error('no disk')),
      save: async () => undefined,
      clear: async () => undefined,
    };
    const { shard, gateway, clock } = virtualShard({ sessionStore: broken });
    shard.once('fault', () => shard.forceClose());
    const connected = shard.connect();
    await clock.advanceAsync(10);
    await expect(connected).rejects.toMatchObject({ code: 'STOPPED' });
    expect(shard.state).toBe('disconnected');
    expect(gateway.sockets.map(({ readyState }) => readyState)).toEqual([3]);
    expect(clock.pending).toBe(0);
  });

  const stops = [
    ['disconnect()', 'stateChange', (shard: Shard): void => void shard.disconnect()],
    ['disconnect()', 'disconnected', (shard: Shard): void => void shard.disconnect()],
    ['forceClose()', 'stateChange', (shard: Shard): void => shard.forceClose()],
    ['forceClose()', 'disconnected', (shard: Shard): void => shard.forceClose()],
  ] as const;

  test.each(stops)('%s in a listener of %s does not hide why the shard failed', async (_, event, stop) => {
    const { shard, gateway, clock, events } = virtualShard();
    gateway.answers.ready = false;
    shard.on(event, () => {
      if (shard.state === 'failed') stop(shard);
    });
    const calls = Promise.allSettled([shard.connect(), shard.dispatches().next(), shard.updatePresence(IDLE)]);
    await clock.advanceAsync(100);
    gateway.last.end(4004);
    await clock.advanceAsync(10_000);
    const reason = expect.objectContaining({ code: 'AUTHENTICATION_FAILED', closeCode: 4004 });
    expect(await calls).toEqual(Array.from({ length: 3 }, () => ({ status: 'rejected', reason })));
    expect(events.of('failed')).toEqual([reason]);
    expect(shard.failure).toBe(events.of('failed')[0]);
    expect(clock.pending).toBe(0);
  });

  test('connect() in a listener of disconnected is not rejected by the failure before it', async () => {
    const { shard, gateway, clock, events } = virtualShard();
    gateway.answers.ready = false;
    let again: Promise<unknown> = Promise.resolve();
    shard.on('disconnected', () => {
      gateway.answers.ready = true;
      again = Promise.all([shard.connect(), shard.updatePresence(IDLE)]);
    });
    const first = shard.connect();
    first.catch(() => undefined);
    await clock.advanceAsync(100);
    gateway.last.end(4004);
    await clock.advanceAsync(10_000);
    await expect(first).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    await again;
    expect(events.of('failed').map(({ code }) => code)).toEqual(['AUTHENTICATION_FAILED']);
    expect(shard.state).toBe('ready');
    expect(shard.failure).toBeNull();
  });
});
