/** Close codes that the gateway sends after the shard gave the connection up. */
import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate, Shard } from '../../src/index.ts';
import { HELLO, bareGateway, ready } from '../kit/bare-gateway.ts';
import { nextEvent, reaches } from '../kit/live-shard.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN, readyShard } from '../kit/virtual-shard.ts';

/** A shard that has closed its connection with 4000, and has no answer when its backoff is over. */
async function unansweredShard() {
  const kit = await readyShard();
  kit.gateway.answers.close = false;
  const reconnected = kit.shard.reconnect();
  reconnected.catch(() => undefined);
  await kit.clock.advanceAsync(500);
  return { ...kit, last: kit.gateway.last, reconnected };
}

/**
 * A shard on a real socket, whose gateway reads its close frame only after it has closed with a code of its own; or
 * never, so that the TCP connection stays open.
 */
async function crossedShard(code: number, ends = true) {
  const ops: number[] = [];
  let closeLate: (() => void) | null = null;
  const gateway = await bareGateway(({ socket, request, send, index }, packet) => {
    if (packet === null) send(HELLO);
    if (packet?.op !== 2 && packet?.op !== 6) return;
    ops.push(packet.op);
    if (packet.op === 2) send(ready(`ws://${request.headers.host}`));
    else send({ op: 0, t: 'RESUMED', s: 2, d: {} });
    if (index > 0) return;
    send({ op: 7, d: null });
    socket.pause();
    closeLate = () => {
      socket.close(code);
      if (ends) socket.resume();
    };
  });
  const identifyGate = new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 });
  const timing = { ...QUICK, closeTimeoutMs: 10_000 };
  const shard = new Shard({ token: TOKEN, intents: 0, url: gateway.url, compression: 'none', timing, identifyGate });
  shard.on('failed', () => undefined);
  shard.on('stateChange', ({ from, to }) => void (from === 'reconnecting' && to === 'connecting' && closeLate?.()));
  return {
    shard,
    ops,
    async [Symbol.asyncDispose]() {
      await shard.disconnect();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

describe('Shard: close codes that come late', () => {
  test('99. a fatal close code that comes after the backoff stops the shard, which has opened no other socket', async () => {
    const { clock, gateway, shard, events, last, reconnected } = await unansweredShard();
    const before = gateway.sockets.length;
    last.end(4004);
    await clock.advanceAsync(2_000);
    await expect(reconnected).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED', closeCode: 4004 });
    expect(before).toBe(1);
    expect(gateway.sockets.length).toBe(1);
    expect(shard.state).toBe('failed');
    expect(events.of('failed').length).toBe(1);
  });

  test.each([4007, 4009])('99. close code %i that comes after the backoff ends the session', async (code) => {
    const { clock, gateway, shard, last } = await unansweredShard();
    last.end(code);
    await clock.advanceAsync(10_000);
    expect(shard.state).toBe('ready');
    expect(gateway.sockets.map((socket) => socket.sentOps().find((op) => op !== 1))).toEqual([2, 2]);
  });

  test.each([4007, 4009])('99. close code %i that comes after a second reconnect() ends the session', async (code) => {
    const { clock, gateway, shard, last } = await unansweredShard();
    shard.reconnect().catch(() => undefined);
    last.end(code);
    await clock.advanceAsync(10_000);
    expect(shard.state).toBe('ready');
    expect(gateway.sockets.map((socket) => socket.sentOps().find((op) => op !== 1))).toEqual([2, 2]);
  });

  test('99. a fatal close code that comes after a second reconnect() stops the shard', async () => {
    const { clock, gateway, shard, last } = await unansweredShard();
    shard.reconnect().catch(() => undefined);
    last.end(4004);
    await clock.advanceAsync(2_000);
    expect(shard.state).toBe('failed');
    expect(gateway.sockets.length).toBe(1);
  });

  test('99. a late close code of a session that was replaced meanwhile is ignored', async () => {
    const { clock, gateway, shard, last } = await unansweredShard();
    void shard.resume({ sessionId: 'other', resumeUrl: 'wss://resume.test', sequence: 1, shardId: 0, shardCount: 1 });
    last.end(4009);
    await clock.advanceAsync(2_000);
    expect(shard.session?.sessionId).toBe('other');
    expect(gateway.last.sentOps()[0]).toBe(6);
  });

  test('99. a gateway that does not answer the close frame delays the next connection by at most 1 s', async () => {
    const { clock, gateway, shard, last } = await unansweredShard();
    await clock.advanceAsync(520);
    const before = gateway.sockets.length;
    await clock.advanceAsync(105);
    expect(before).toBe(1);
    expect(gateway.sockets.length).toBe(2);
    await clock.advanceAsync(100);
    expect(last.readyState).toBe(3);
    expect(shard.state).toBe('ready');
  });

  test('99. forceClose() ends the wait for the close code', async () => {
    const { clock, gateway, shard, last } = await unansweredShard();
    shard.forceClose();
    await clock.advanceAsync(2_000);
    expect(last.readyState).toBe(3);
    expect(gateway.sockets.length).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('99. on a real socket a late 4004 stops the shard', async () => {
    await using kit = await crossedShard(4004);
    await kit.shard.connect();
    await reaches(kit.shard, 'failed');
    expect(kit.ops).toEqual([2]);
  });

  test('99. on a real socket a close code counts although the gateway does not end the TCP connection', async () => {
    await using kit = await crossedShard(4009, false);
    await kit.shard.connect();
    await nextEvent(kit.shard, 'reconnected');
    expect(kit.ops).toEqual([2, 2]);
  });

  test('99. on a real socket a late 4009 makes the shard identify', async () => {
    await using kit = await crossedShard(4009);
    await kit.shard.connect();
    await nextEvent(kit.shard, 'reconnected');
    expect(kit.ops).toEqual([2, 2]);
  });
});
