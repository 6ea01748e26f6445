/** After an outage, and while a gateway fails again and again: how long a shard waits before its next connection. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { createSystemClock } from '../../src/clock.ts';
import { Shard } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import type { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { QUICK } from '../kit/timing.ts';
import { readyShard, TOKEN } from '../kit/virtual-shard.ts';
import type { MemoryGateway, MemorySocket } from '../kit/memory-gateway.ts';

const LONGEST = (): number => 0.999_999;

/** The waits between the end of each connection and the opening of the next, in ms. */
function waitsOf(ends: readonly number[], { sockets }: MemoryGateway): number[] {
  return ends.map((at) => sockets.find(({ openedAt }) => openedAt > at)!.openedAt - at);
}

async function until(holds: () => boolean, clock: VirtualClock): Promise<void> {
  for (let steps = 0; !holds(); steps += 1) {
    if (steps === 10_000) throw new Error('it never came');
    await clock.advanceAsync(100);
  }
}

describe('Shard: outages', () => {
  test.each([
    ['op 9 false', 5_000, (socket: MemorySocket) => socket.receive({ op: 9, d: false })],
    ['op 9 true', 5_000, (socket: MemorySocket) => socket.receive({ op: 9, d: true })],
    ['op 7', 1_000, (socket: MemorySocket) => socket.receive({ op: 7, d: null })],
    ['close code 4000', 1_000, (socket: MemorySocket) => socket.end(4000)],
    ['close code 4009', 1_000, (socket: MemorySocket) => socket.end(4009)],
    ['a lost connection', 1_000, (socket: MemorySocket) => socket.end(1006)],
  ])(
    '41. an outage does not slow what follows it: after %s the shard connects within %i ms',
    async (_, maxMs, lose) => {
      const { clock, gateway, shard } = await readyShard({ random: LONGEST });
      for (const isAnswered of [false, true]) {
        await clock.advanceAsync(30_000);
        gateway.answers.refuse = true;
        gateway.last.end(1006);
        await clock.advanceAsync(600_000);
        gateway.answers.resumed = isAnswered;
        gateway.answers.refuse = false;
        await until(() => shard.state === (isAnswered ? 'ready' : 'resuming'), clock);
        const at = clock.now();
        lose(gateway.last);
        await clock.advanceAsync(maxMs);
        expect(waitsOf([at], gateway)[0]).toBeLessThanOrEqual(maxMs);
        gateway.answers.resumed = true;
        await clock.advanceAsync(60_000);
        expect(shard.state).toBe('ready');
      }
    },
  );

  test.each([
    [
      'refuses sessions',
      ({ op }: { op: number }, socket: MemorySocket) => op === 2 && socket.receive({ op: 9, d: false }),
    ],
    ['hangs up after HELLO', ({ op }: { op: number }, socket: MemorySocket) => op === 2 && socket.end(4000)],
    [
      'hangs up after READY',
      ({ op }: { op: number }, socket: MemorySocket, gateway: MemoryGateway) => {
        if (op === 2) gateway.ready(socket);
        if (op === 6) gateway.dispatch('RESUMED', {}, socket);
        if (op === 2 || op === 6) socket.end(4000);
      },
    ],
  ])('42. a gateway that %s makes the shard wait ever longer, whatever outages come between', async (_, answer) => {
    const { clock, gateway } = await readyShard({ random: LONGEST });
    const ends: number[] = [];
    gateway.intercept = (socket, packet) => {
      if (packet.op === 1) return false;
      answer(packet, socket, gateway);
      ends.push(clock.now());
      return true;
    };
    await clock.advanceAsync(30_000);
    gateway.last.receive({ op: 9, d: false });
    await until(() => ends.length === 4, clock);
    // An outage, which is over before the next connection.
    gateway.answers.refuse = true;
    await until(() => gateway.last.openedAt > ends.at(-1)!, clock);
    await clock.advanceAsync(10);
    gateway.answers.refuse = false;
    await until(() => ends.length === 9, clock);
    const waits = waitsOf(ends.slice(0, -1), gateway);
    expect(waits.slice(4)).toEqual(waits.slice(4).toSorted((a, b) => a - b));
    expect(waits[4]).toBeGreaterThan(waits[0]!);
    expect(waits[7]).toBeGreaterThanOrEqual(16_000);
  });

  test.each([429, 503])(
    '44. an upgrade answered %i with Retry-After makes the shard wait that long before the next attempt',
    async (status) => {
      const requests: number[] = [];
      const server = createServer((_, response) => {
        requests.push(performance.now());
        response.writeHead(status, { 'Retry-After': '1' }).end('<html>');
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const shard = new Shard({ token: TOKEN, intents: [], url, timing: QUICK });
      const faults: string[] = [];
      shard.on('fault', ({ message }) => void faults.push(message));
      shard.connect().catch(() => undefined);
      await vi.waitUntil(() => requests.length === 2, { timeout: 10_000 });
      shard.forceClose();
      server.close();
      expect(requests[1]! - requests[0]!).toBeGreaterThanOrEqual(990);
      expect(faults[0]).toContain(`${status}; the shard waits at least 1 s`);
    },
  );

  test('45. a suspended machine emits lagged within a second of waking, and health says the true time', async () => {
    await using gateway = await FakeGateway.listen({ heartbeatIntervalMs: 60_000 });
    let suspendedMs = 0;
    const clock = createSystemClock({
      wallNow: () => Date.now() + suspendedMs,
      monotonicNow: () => performance.timeOrigin + performance.now(),
    });
    const shard = new Shard({ token: 'any', intents: [], url: gateway.url, clock, random: () => 0.5 });
    await shard.connect();
    const lagged = new Promise<number>((resolve) => shard.once('lagged', ({ lateMs }) => resolve(lateMs)));
    suspendedMs = 3_600_000;
    const wokeAt = performance.now();
    const lateMs = await lagged;
    const noticedMs = performance.now() - wokeAt;
    await shard.heartbeat();
    const { lastFrameAt, lastAckAt } = shard.health;
    await shard.disconnect();
    expect(noticedMs).toBeLessThan(2_000);
    expect(lateMs / 3_570_000).toBeCloseTo(1, 2);
    expect([lastFrameAt, lastAckAt].map((at) => Date.now() + suspendedMs - at! < 5_000)).toEqual([true, true]);
  });

  test('46. on waking from a sleep the shard sends a heartbeat, and a quarter of the interval later replaces a connection that is dead', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    await clock.advanceAsync(25_000);
    gateway.answers.ack = false;
    clock.sleep(3_600_000);
    await clock.advanceAsync(1);
    expect(gateway.sent(1)).toHaveLength(2);
    expect(events.of('lagged')).toHaveLength(1);
    const wokeAt = clock.now();
    await clock.advanceAsync(9_900);
    expect(gateway.sockets).toHaveLength(1);
    gateway.answers.ack = true;
    await clock.advanceAsync(1_000);
    expect(gateway.last.openedAt - wokeAt).toBeLessThan(10_500);
    expect(gateway.last.sentOps()).toEqual([6]);
    expect(shard.state).toBe('ready');
  });

  test.each([4003, 4007, 4009])(
    '47. a close code %i that crosses the close frame of the shard ends the session: the shard identifies',
    async (code) => {
      const { clock, gateway, shard } = await readyShard();
      gateway.answers.close = false;
      gateway.last.receive({ op: 9, d: true });
      expect(gateway.last.closedWith).toBe(4000);
      gateway.last.end(code);
      gateway.answers.close = true;
      expect(shard.session).toBeNull();
      await clock.advanceAsync(10_000);
      expect(gateway.sent(6)).toEqual([]);
      expect(gateway.sent(2)).toHaveLength(2);
      expect(shard.state).toBe('ready');
    },
  );

  test('47. a fatal close code that crosses the close frame of the shard makes it fail', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    gateway.answers.close = false;
    gateway.last.receive({ op: 9, d: true });
    gateway.last.end(4004, 'Authentication failed.');
    await clock.advanceAsync(60_000);
    expect(gateway.sockets).toHaveLength(1);
    expect(events.of('failed').map(({ code }) => code)).toEqual(['AUTHENTICATION_FAILED']);
    expect(shard.state).toBe('failed');
  });

  test('47. a close code that crosses disconnect() ends the session', async () => {
    const { clock, gateway, shard } = await readyShard();
    gateway.answers.close = false;
    const stopping = shard.disconnect();
    gateway.last.end(4009);
    await Promise.all([stopping, clock.advanceAsync(10)]);
    expect(shard.session).toBeNull();
  });

  test('47. a late close code of the last connection does not end a session that you gave to resume()', async () => {
    const { clock, gateway, shard } = await readyShard();
    const session = { sessionId: 'kept', resumeUrl: 'wss://resume.test', sequence: 41, shardId: 0, shardCount: 1 };
    gateway.answers.close = false;
    gateway.last.receive({ op: 9, d: true });
    void shard.resume(session);
    gateway.sockets[0]!.end(4009);
    await clock.advanceAsync(10_000);
    expect(gateway.sent(6)).toMatchObject([{ d: { session_id: 'kept' } }]);
    expect(gateway.sent(2)).toHaveLength(1);
  });
});
