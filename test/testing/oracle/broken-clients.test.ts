/**
 * A socket that changes what a shard sends. It proves that the oracle of a strict gateway judges the real connection.
 */
import { WebSocket } from 'ws';
import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate, Shard } from '../../../src/index.ts';
import type { Packet, ShardOptions } from '../../../src/index.ts';
import { FakeGateway } from '../../../src/testing/index.ts';
import type { OracleRule } from '../../../src/testing/index.ts';
import { reaches } from '../../kit/live-shard.ts';
import { QUICK } from '../../kit/timing.ts';
import { TOKEN } from '../../kit/virtual-shard.ts';

/** Changes what a shard sends. `write` sends a text unchanged, and anything else as JSON. */
type Tamper = (packet: Packet, write: (content: unknown) => void) => void;

interface Broken {
  readonly behaviour: string;
  /** The rule that the oracle must name. */
  readonly rule: OracleRule;
  readonly tamper: Tamper;
  /** Makes the ready shard send the packet. */
  readonly provoke?: (gateway: FakeGateway) => void;
}

const after =
  (op: number, extra: unknown): Tamper =>
  (packet, write) => {
    write(packet);
    if (packet.op === op) write(extra);
  };
const instead =
  (op: number, d: (original: object) => unknown): Tamper =>
  (packet, write) =>
    write(packet.op === op ? { op, d: d(packet.d as object) } : packet);
const drop = (gateway: FakeGateway): void => gateway.connections.at(-1)?.terminate();

const BROKEN: readonly Broken[] = [
  { behaviour: 'a second IDENTIFY', rule: 'one-handshake', tamper: after(2, { op: 2, d: {} }) },
  {
    behaviour: 'a presence before IDENTIFY',
    rule: 'handshake-first',
    tamper: (packet, write) => {
      if (packet.op === 2) write({ op: 3, d: { status: 'idle' } });
      write(packet);
    },
  },
  { behaviour: 'a frame that is not JSON', rule: 'decodable-frame', tamper: after(2, '{"op":3') },
  {
    behaviour: 'a frame of 5000 bytes',
    rule: 'payload-size',
    tamper: after(2, { op: 1, d: null, filler: 'x'.repeat(5_000) }),
  },
  { behaviour: 'intents by name', rule: 'identify-fields', tamper: instead(2, (d) => ({ ...d, intents: ['Guilds'] })) },
  { behaviour: 'an invented sequence', rule: 'heartbeat-sequence', tamper: instead(1, () => 1_000) },
  {
    behaviour: 'twenty heartbeats instead of one',
    rule: 'heartbeat-pace',
    tamper: (packet, write) => {
      for (let count = packet.op === 1 ? 20 : 1; count > 0; count -= 1) write(packet);
    },
  },
  {
    behaviour: 'a RESUME ahead of the last sequence',
    rule: 'resume-sequence',
    tamper: instead(6, (d) => ({ ...d, seq: 1_000 })),
    provoke: drop,
  },
  {
    behaviour: 'a RESUME of another session',
    rule: 'resume-session',
    tamper: instead(6, (d) => ({ ...d, session_id: 'x' })),
    provoke: drop,
  },
  {
    behaviour: 'a RESUME with another token',
    rule: 'token-constant',
    tamper: instead(6, (d) => ({ ...d, token: 'x' })),
    provoke: drop,
  },
];

const tampering =
  (tamper: Tamper): NonNullable<ShardOptions['createSocket']> =>
  (url, options) => {
    const socket = new WebSocket(url, options);
    const send = socket.send.bind(socket);
    socket.send = (text: unknown) =>
      tamper(JSON.parse(String(text)) as Packet, (content) =>
        send(typeof content === 'string' ? content : JSON.stringify(content)),
      );
    return socket;
  };

async function brokenShard(createSocket: NonNullable<ShardOptions['createSocket']>) {
  const gateway = await FakeGateway.listen({
    token: TOKEN,
    heartbeatIntervalMs: 1_000,
    identifyIntervalMs: 0,
    strict: true,
  });
  const identifyGate = new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 });
  const shard = new Shard({
    token: TOKEN,
    intents: ['Guilds'],
    url: gateway.url,
    compression: 'none',
    timing: QUICK,
    identifyGate,
    createSocket,
  });
  shard.connect().catch(() => undefined);
  return {
    gateway,
    shard,
    async [Symbol.asyncDispose]() {
      shard.forceClose();
      await gateway.close();
    },
  };
}

describe('a strict FakeGateway', () => {
  test.each(BROKEN)('complains about $behaviour', async ({ rule, tamper, provoke }) => {
    await using kit = await brokenShard(tampering(tamper));
    const { gateway, shard } = kit;
    if (provoke !== undefined) {
      await reaches(shard, 'ready');
      provoke(gateway);
    }
    await gateway.waitUntil(({ complaints }) => complaints.length > 0);

    expect(gateway.complaints[0]).toMatchObject({ rule });
    expect(JSON.stringify(gateway.complaints)).not.toContain(TOKEN);
  });

  test('complains about a session that is resumed after the client closed with 1000', async () => {
    await using kit = await brokenShard((url, options) => {
      const socket = new WebSocket(url, options);
      const close = socket.close.bind(socket);
      socket.close = () => close(1000);
      return socket;
    });
    const { gateway, shard } = kit;
    await reaches(shard, 'ready');
    gateway.connections[0]?.requestReconnect();
    await gateway.waitUntil(({ complaints }) => complaints.length > 0);

    expect(gateway.complaints.map(({ rule }) => rule)).toEqual(['resume-ended']);
  });

  test('does not complain about the same shard when nothing is changed', async () => {
    await using kit = await brokenShard((url, options) => new WebSocket(url, options));
    const { gateway, shard } = kit;
    await reaches(shard, 'ready');
    const resumed = new Promise((resolve) => shard.once('resumed', resolve));
    drop(gateway);
    await resumed;
    await shard.disconnect();
    await gateway.close();

    expect(gateway.complaints).toEqual([]);
  });

  test('does not judge clients without the option strict', async () => {
    await using gateway = await FakeGateway.listen();
    const socket = new WebSocket(`${gateway.url}/?v=10&encoding=json`);
    socket.on('open', () => socket.send('nonsense'));
    await (
      await gateway.waitForConnection()
    ).closed;

    expect(gateway.complaints).toEqual([]);
  });
});
