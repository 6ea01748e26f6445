/** A test makes a strict gateway break the protocol. The oracle must not blame the client for that. */
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Opcodes } from '../../../src/index.ts';
import type { FakeConnection } from '../../../src/testing/index.ts';
import { liveShard, nextEvent, reaches } from '../../kit/live-shard.ts';

type Kit = Awaited<ReturnType<typeof liveShard>>;

/** Asks for a heartbeat, and resolves with it. One may have come already: the first is due at a random time. */
function requestedHeartbeat(connection: FakeConnection): Promise<unknown> {
  const before = connection.received.filter(({ op }) => op === Opcodes.Heartbeat).length;
  connection.requestHeartbeat();
  return connection.waitFor(Opcodes.Heartbeat, before + 1);
}

/** Each injects a fault into the connection of a ready shard, and resolves when the shard has recovered. */
const FAULTS: Readonly<Record<string, (connection: FakeConnection, kit: Kit) => Promise<unknown>>> = {
  'a packet with a sequence of the test’s own': async (connection) => {
    connection.sendRaw('{"op":0,"t":"MESSAGE_CREATE","s":500,"d":{}}');
    expect(await requestedHeartbeat(connection)).toEqual({ op: 1, d: 500 });
  },
  'a packet that the test compressed': async (connection) => {
    connection.sendRaw(deflateSync('{"op":0,"t":"MESSAGE_CREATE","s":500,"d":{}}'));
    expect(await requestedHeartbeat(connection)).toEqual({ op: 1, d: 500 });
  },
  'a broken frame': (connection, { shard }) => {
    connection.corrupt();
    return nextEvent(shard, 'resumed');
  },
  'heartbeats without an ACK': (connection, { shard }) => {
    connection.holdAcks();
    return nextEvent(shard, 'resumed');
  },
  'op 7': (connection, { shard }) => {
    connection.requestReconnect();
    return nextEvent(shard, 'resumed');
  },
  'op 9 true': (connection, { shard }) => {
    connection.invalidateSession(true);
    return nextEvent(shard, 'resumed');
  },
  'op 9 false': (connection, { shard }) => {
    connection.invalidateSession(false);
    return nextEvent(shard, 'ready');
  },
  'close 4009': (connection, { shard }) => {
    connection.close(4009);
    return nextEvent(shard, 'ready');
  },
  'a close without an answer': (connection, { shard }) => {
    connection.ignoreCloses();
    connection.requestReconnect();
    return nextEvent(shard, 'resumed');
  },
  'op 1 while ACKs are held': async (connection) => {
    connection.holdAcks();
    connection.requestHeartbeat();
    await connection.waitFor(Opcodes.Heartbeat);
    connection.releaseAcks();
    await connection.waitFor(Opcodes.Heartbeat, 3);
  },
};

describe('a strict FakeGateway', () => {
  test.each(Object.keys(FAULTS))('does not complain about a correct client after %s', async (name) => {
    await using kit = await liveShard({ compression: 'payload' });
    const { gateway, shard } = kit;
    void shard.connect();
    await reaches(shard, 'ready');
    await FAULTS[name]!(gateway.connections.at(-1)!, kit);
    await shard.disconnect();
    await gateway.close();

    expect(gateway.complaints).toEqual([]);
  });
});
