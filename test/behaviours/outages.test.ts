/** After an outage, and while a gateway fails again and again: how long a shard waits before its next connection. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { Shard } from '../../src/index.ts';
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
      expect(faults[0]).toContain(`${status}; the server asks to wait 1 s`);
    },
  );
});
