import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate, Shard } from '../../src/index.ts';
import { HELLO, bareGateway, ready } from '../kit/bare-gateway.ts';
import type { Script } from '../kit/bare-gateway.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';
import { recordEvents } from '../kit/record-events.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

/** Runs a shard against a script, until the shard receives the script's MARK dispatch. */
async function runAgainst(script: Script) {
  const server = await bareGateway(script);
  const identifyGate = new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 });
  const shard = new Shard({
    token: TOKEN,
    intents: 0,
    url: server.url,
    compression: 'none',
    timing: QUICK,
    identifyGate,
  });
  const events = recordEvents(shard);
  const marked = nextEvent(shard, 'dispatch', ({ t }) => (t as string) === 'MARK');
  void shard.connect();
  await marked;
  return {
    server,
    shard,
    events,
    async [Symbol.asyncDispose]() {
      await shard.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

const mark = (s: number) => ({ op: 0, t: 'MARK', s, d: {} });

describe('Shard: tolerant reading', () => {
  test('39. the shard delivers dispatches before READY in order, even if the first sequence is 0', async () => {
    await using kit = await runAgainst(({ send, request }, packet) => {
      if (packet === null) send(HELLO);
      if (packet?.op !== 2) return;
      send({ op: 0, t: 'EARLY', s: 0, d: {} });
      send({ op: 0, t: 'EARLY', s: 1, d: {} });
      send(ready(`ws://${request.headers.host}`, 2));
      send(mark(3));
    });
    expect(kit.events.of('dispatch').map(({ t, s }) => [t, s])).toEqual([
      ['EARLY', 0],
      ['EARLY', 1],
      ['READY', 2],
      ['MARK', 3],
    ]);
    expect(kit.shard.lastSequence).toBe(3);
    expect(kit.shard.state).toBe('ready');
    expect(kit.events.faults).toEqual([]);
  });

  test.each([{ op: 7 }, { op: 9 }])(
    '39. the packet %j without d makes the shard reconnect; op 9 then means false',
    async (packetWithoutData) => {
      await using kit = await runAgainst(({ send, request, index }, packet) => {
        if (packet === null) send(HELLO);
        if (packet?.op === 2 || packet?.op === 6)
          send(packet.op === 2 ? ready(`ws://${request.headers.host}`) : { op: 0, t: 'RESUMED', s: 2, d: {} });
        if (packet?.op === 2 && index === 0) send(packetWithoutData);
        if ((packet?.op === 2 || packet?.op === 6) && index === 1) send(mark(9));
      });
      expect(kit.events.of('dispatch').map(({ t }) => t)).toEqual(
        packetWithoutData.op === 7 ? ['READY', 'RESUMED', 'MARK'] : ['READY', 'READY', 'MARK'],
      );
    },
  );

  test('39. a RESUMED with a lower sequence than the replay does not set the sequence back', async () => {
    await using kit = await runAgainst(({ socket, send, request, index }, packet) => {
      if (packet === null) send(HELLO);
      if (packet?.op === 2) {
        send(ready(`ws://${request.headers.host}`));
        send({ op: 0, t: 'X', s: 50, d: {} });
        setImmediate(() => socket.terminate());
      }
      if (packet?.op !== 6) return;
      send({ op: 0, t: 'X', s: 60, d: {} });
      send({ op: 0, t: 'RESUMED', s: 3, d: {} });
      if (index === 1) send({ op: 0, t: 'MARK', s: 4, d: {} });
    });
    expect(kit.shard.lastSequence).toBe(60);
    expect(kit.events.of('resumed')).toEqual([{ replayed: 1 }]);
  });

  test('39. the shard joins messages of several WebSocket fragments, text or binary', async () => {
    await using kit = await runAgainst(({ socket, send, request }, packet) => {
      if (packet === null) send(HELLO);
      if (packet?.op !== 2) return;
      const text = JSON.stringify(ready(`ws://${request.headers.host}`));
      for (let at = 0; at < text.length; at += 1) socket.send(text.charAt(at), { fin: at === text.length - 1 });
      const bytes = Buffer.from(JSON.stringify(mark(2)));
      socket.send(bytes.subarray(0, 5), { fin: false, binary: true });
      socket.send(bytes.subarray(5), { fin: true, binary: true });
    });
    expect(kit.events.dispatched).toEqual(['READY', 'MARK']);
  });

  test('39. the shard ignores unknown opcodes and fields, and delivers unknown events', async () => {
    await using kit = await runAgainst(({ send, request }, packet) => {
      if (packet === null) send({ ...HELLO, _trace: ['x'], extra: 1 });
      if (packet?.op !== 2) return;
      send({ op: 99, d: { what: 'ever' } });
      send({ op: 8, d: null });
      send({ ...ready(`ws://${request.headers.host}`), more: true });
      send({ op: 0, t: 'EVENT_OF_TOMORROW', s: 2, d: [1, 2] });
      send(mark(3));
    });
    expect(kit.events.of('dispatch').map(({ t, d }) => [t, (t as string) === 'EVENT_OF_TOMORROW' ? d : null])).toEqual([
      ['READY', null],
      ['EVENT_OF_TOMORROW', [1, 2]],
      ['MARK', null],
    ]);
    expect(kit.events.faults).toEqual([]);
  });

  test('39. the shard keeps the path, port and query of a resume_gateway_url and adds its own query', async () => {
    await using kit = await runAgainst(({ socket, send, request }, packet) => {
      if (packet === null) send(HELLO);
      if (packet?.op === 2) {
        send(ready(`ws://${request.headers.host}/some/path?region=eu&v=6`));
        setImmediate(() => socket.terminate());
      }
      if (packet?.op === 6) send({ op: 0, t: 'RESUMED', s: 2, d: {} });
      if (packet?.op === 6) send(mark(3));
    });
    const [first, second] = kit.server.requests.map(({ url }) => new URL(url!, 'ws://x'));
    expect(second!.pathname).toBe('/some/path');
    expect(Object.fromEntries(second!.searchParams)).toEqual({
      region: 'eu',
      ...Object.fromEntries(first!.searchParams),
    });
  });

  test('40. the upgrade request carries a User-Agent of the form DiscordBot (URL, VERSION)', async () => {
    await using kit = await liveShard({}, { requireUserAgent: true });
    await kit.shard.connect();
    expect(kit.gateway.connections[0]!.headers['user-agent']).toMatch(/^DiscordBot \(https:\/\/\S+, \d+\.\d+\.\d+\)$/);
  });
});
