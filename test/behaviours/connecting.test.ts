import { describe, expect, test } from 'vitest';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

describe('Shard: connecting and heartbeats', () => {
  test('1. without HELLO the shard sends nothing; after helloTimeoutMs it terminates the socket and opens another', async () => {
    const { clock, gateway, shard, events } = virtualShard();
    gateway.answers.hello = false;
    void shard.connect();
    await clock.advanceAsync(14_900);
    expect(gateway.sockets).toHaveLength(1);
    expect(gateway.last.sent).toEqual([]);
    await clock.advanceAsync(1_000);
    expect(gateway.sockets.map(({ closedWith }) => closedWith)).toEqual(['terminated', null]);
    expect(gateway.sockets.flatMap(({ sent }) => sent)).toEqual([]);
    expect(events.faults).toEqual(['HELLO_TIMEOUT']);
  });

  test('2. the shard sends the first heartbeat after a random part of the interval, then one every interval without drift', async () => {
    const { clock, gateway, shard } = virtualShard({ random: () => 0.25 });
    gateway.answers.ready = false;
    gateway.latencyMs = 1;
    void shard.connect();
    await clock.advanceAsync(1);
    const helloAt = clock.now();
    gateway.latencyMs = 9_000;
    await clock.advanceAsync(10_000 + 40_000 * 5);
    const heartbeats = gateway.sent(1);
    expect(heartbeats.map(({ at }) => at - helloAt)).toEqual([10_000, 50_000, 90_000, 130_000, 170_000, 210_000]);
    expect(heartbeats.map(({ d }) => d)).toEqual([null, null, null, null, null, null]);
  });

  test('2. a late timer does not delay the heartbeats after it', async () => {
    const { clock, gateway } = await readyShard({ random: () => 0.5 });
    const helloAt = gateway.last.openedAt + 1;
    clock.sleep(helloAt + 20_007 - clock.now());
    await clock.advanceAsync(1);
    await clock.advanceAsync(helloAt + 60_000 - clock.now());
    expect(gateway.sent(1).map(({ at }) => at - helloAt)).toEqual([20_007, 60_000]);
  });

  test.each(['identifying', 'resuming'] as const)(
    '3. while %s the shard sends heartbeats, and a missing ACK makes it a zombie',
    async (state) => {
      const { clock, gateway, shard, events } = virtualShard(
        state === 'resuming'
          ? {
              session: { sessionId: 's', resumeUrl: 'wss://resume.test', sequence: 7, shardId: 0, shardCount: 1 },
              timing: { resumedTimeoutMs: 1_000_000 },
            }
          : {},
      );
      gateway.answers.ready = false;
      gateway.answers.resumed = false;
      void shard.connect();
      await clock.advanceAsync(190_000);
      expect(shard.state).toBe(state);
      expect(gateway.sent(1)).toHaveLength(5);
      gateway.answers.ack = false;
      await clock.advanceAsync(80_000);
      expect(events.states).toContain('zombie');
    },
  );

  test('4. a heartbeat without ACK makes the shard terminate the socket and resume on the resume URL within 1 s', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    gateway.dispatch('MESSAGE_CREATE');
    gateway.answers.ack = false;
    gateway.answers.close = false;
    const [first] = gateway.sockets;
    let zombieAt = 0;
    shard.on('stateChange', ({ to }) => {
      if (to === 'zombie') zombieAt = clock.now();
    });
    await clock.advanceAsync(62_000);
    gateway.answers.ack = true;
    const [, second] = gateway.sockets;
    expect(events.states).toEqual([
      'connecting',
      'identifying',
      'ready',
      'zombie',
      'reconnecting',
      'connecting',
      'resuming',
      'ready',
    ]);
    expect(first!.closedWith).toBe('terminated');
    expect(second!.url.origin).toBe('wss://resume.test');
    expect(second!.url.search).toBe(first!.url.search);
    expect(second!.sent[0]).toMatchObject({ op: 6, d: { session_id: 'session-1', seq: 2 } });
    expect(second!.openedAt - zombieAt).toBeLessThanOrEqual(1_000);
  });

  test('5. op 1 makes the shard send one heartbeat at once and keep its schedule', async () => {
    const { clock, gateway, shard } = await readyShard();
    const helloAt = gateway.last.openedAt + 1;
    await clock.advanceAsync(10_000 - 99);
    gateway.last.receive({ op: 1, d: null });
    await clock.advanceAsync(60_000);
    expect(gateway.sent(1).map(({ at }) => at - helloAt)).toEqual([10_000, 20_000, 60_000]);
    expect(shard.state).toBe('ready');
  });

  test('6. an unacknowledged heartbeat of the last connection does not make the next connection a zombie', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    gateway.answers.ack = false;
    await clock.advanceAsync(21_000);
    expect(shard.heartbeatAcknowledged).toBe(false);
    gateway.last.end(1006);
    gateway.answers.ack = true;
    await clock.advanceAsync(100_000);
    expect(gateway.sockets).toHaveLength(2);
    expect(gateway.last.sentOps()).toEqual([6, 1, 1]);
    expect(events.states.filter((state) => state === 'zombie')).toEqual([]);
  });

  test('7. a heartbeat late by more than 25 % of the interval emits lagged, and an ACK unread on the socket still counts', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    gateway.latencyMs = 5;
    await clock.advanceAsync(20_000 - 99);
    // The ACK is on its way when the process falls asleep. On waking, the heartbeat timer fires before the ACK is read.
    gateway.latencyMs = 1;
    clock.sleep(80_000);
    await clock.advanceAsync(100);
    expect(events.of('lagged')).toEqual([{ lateMs: expect.closeTo(40_001, -1) }]);
    await clock.advanceAsync(120_000);
    expect(events.states).not.toContain('zombie');
    expect(shard.state).toBe('ready');
  });

  test('43. ping is null while the shard has no connection, and until the first ACK of the next', async () => {
    const { clock, gateway, shard } = await readyShard();
    const pings: [string, number | null][] = [];
    shard.on('stateChange', ({ to }) => void pings.push([to, shard.ping]));
    await clock.advanceAsync(20_000);
    expect(shard.ping).toBe(1);
    gateway.answers.refuse = true;
    gateway.last.end(1006);
    await clock.advanceAsync(5_000);
    gateway.answers.refuse = false;
    await clock.advanceAsync(10_000);
    expect(new Set(pings.map(([state]) => state))).toEqual(
      new Set(['reconnecting', 'connecting', 'resuming', 'ready']),
    );
    expect(pings.filter(([, ping]) => ping !== null)).toEqual([]);
    await clock.advanceAsync(20_000);
    expect(shard.ping).toBe(1);
    await Promise.all([shard.disconnect(), clock.advanceAsync(10)]);
    expect(shard.ping).toBeNull();
  });

  test.each([0, -5, 49, 86_400_001, Number.NaN, Number.POSITIVE_INFINITY, '41250', null, undefined])(
    '8. HELLO with the interval %s is a fault: the shard sends no heartbeat and reconnects',
    async (interval) => {
      const { clock, gateway, shard, events } = virtualShard();
      gateway.answers.hello = false;
      gateway.heartbeatIntervalMs = interval;
      void shard.connect();
      await clock.advanceAsync(10);
      // JSON has no Infinity and no NaN; a gateway could write Infinity as 1e999.
      gateway.last.receiveRaw(
        Buffer.from(
          `{"op":10,"d":{"heartbeat_interval":${interval === Number.POSITIVE_INFINITY ? '1e999' : (JSON.stringify(interval) ?? '{}')}}}`,
        ),
        false,
      );
      await clock.advanceAsync(1_000);
      expect(events.faults).toEqual(['INVALID_HEARTBEAT_INTERVAL']);
      expect(gateway.sockets).toHaveLength(2);
      expect(gateway.sent(1)).toEqual([]);
      expect(gateway.sockets[0]!.closedWith).toBe(4000);
    },
  );
});
