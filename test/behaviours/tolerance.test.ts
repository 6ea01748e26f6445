import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate, Shard } from '../../src/index.ts';
import { HELLO, bareGateway, ready } from '../kit/bare-gateway.ts';
import type { Script } from '../kit/bare-gateway.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';
import { recordEvents } from '../kit/record-events.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

/** Runs a shard against a script, until the script's MARK dispatch has come. */
async function against(script: Script) {
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
  const marked = nextEvent(shard, 'dispatch', ({ t }) => t === 'MARK');
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

describe('reading tolerantly', () => {
  test('39. a first dispatch with s 0, and dispatches before READY, are handed out in order', async () => {
    await using kit = await against(({ send, request }, packet) => {
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
    expect([kit.shard.lastSequence, kit.shard.state, kit.events.faults]).toEqual([3, 'ready', []]);
  });

  test.each([{ op: 7 }, { op: 9 }])('39. %j with no d is survived; op 9 then means false', async (odd) => {
    await using kit = await against(({ send, request, index }, packet) => {
      if (packet === null) send(HELLO);
      if (packet?.op === 2 || packet?.op === 6)
        send(packet.op === 2 ? ready(`ws://${request.headers.host}`) : { op: 0, t: 'RESUMED', s: 2, d: {} });
      if (packet?.op === 2 && index === 0) send(odd);
      if ((packet?.op === 2 || packet?.op === 6) && index === 1) send(mark(9));
    });
    expect(kit.events.of('dispatch').map(({ t }) => t)).toEqual(
      odd.op === 7 ? ['READY', 'RESUMED', 'MARK'] : ['READY', 'READY', 'MARK'],
    );
  });

  test('39. a RESUMED with an s below the replay before it does not set the sequence back', async () => {
    await using kit = await against(({ socket, send, request, index }, packet) => {
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

  test('39. messages in several WebSocket fragments, text or binary, are whole', async () => {
    await using kit = await against(({ socket, send, request }, packet) => {
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

  test('39. unknown opcodes, events and fields are passed over', async () => {
    await using kit = await against(({ send, request }, packet) => {
      if (packet === null) send({ ...HELLO, _trace: ['x'], extra: 1 });
      if (packet?.op !== 2) return;
      send({ op: 99, d: { what: 'ever' } });
      send({ op: 8, d: null });
      send({ ...ready(`ws://${request.headers.host}`), more: true });
      send({ op: 0, t: 'EVENT_OF_TOMORROW', s: 2, d: [1, 2] });
      send(mark(3));
    });
    expect(kit.events.of('dispatch').map(({ t, d }) => [t, t === 'EVENT_OF_TOMORROW' ? d : null])).toEqual([
      ['READY', null],
      ['EVENT_OF_TOMORROW', [1, 2]],
      ['MARK', null],
    ]);
    expect(kit.events.faults).toEqual([]);
  });

  test('39. a resume_gateway_url with a path, a port and a query of its own is used as it is, with ours added', async () => {
    await using kit = await against(({ socket, send, request }, packet) => {
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
