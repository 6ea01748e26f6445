import { describe, expect, test } from 'vitest';
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { FleetPresence } from '../../src/manager/fleet-presence.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import type { IdentifyGate } from '../../src/index.ts';
import { withRefusedPresence } from '../../src/shard/refused-payload.ts';
import { liveManager, nextEvent } from '../kit/live-manager.ts';
import { virtualManager } from '../kit/virtual-manager.ts';

const presence = (name: string): GatewayPresenceUpdateData =>
  ({
    since: null,
    activities: [{ name, type: 0 }],
    status: 'online',
    afk: false,
  }) as unknown as GatewayPresenceUpdateData;
const refusalOf = (refused?: GatewayPresenceUpdateData): GatewayError =>
  withRefusedPresence(new GatewayError('PAYLOAD_REFUSED', 'refused'), refused);
const OLD = presence('old');
const NEW = presence('new');

describe('FleetPresence', () => {
  test('is the one of the options, then the one sent last', () => {
    const current = new FleetPresence(OLD);
    expect(current.value).toEqual(OLD);
    current.set(NEW);
    expect(current.value).toEqual(NEW);
  });

  test('goes back to the one before when Discord refuses it, however many shards sent it', () => {
    const current = new FleetPresence(OLD);
    current.set(NEW);
    for (let n = 0; n < 3; n += 1) current.onFault(refusalOf(presence('new')), []);
    expect(current.value).toEqual(OLD);
  });

  test('is no presence when Discord refuses the one before too, in whatever order', () => {
    for (const order of [
      ['new', 'old'],
      ['old', 'new'],
    ]) {
      const current = new FleetPresence(OLD);
      current.set(NEW);
      for (const name of order) current.onFault(refusalOf(presence(name)), []);
      expect(current.value).toBeUndefined();
    }
  });

  test('stays when Discord refuses what one shard sent alone, or another payload', () => {
    const current = new FleetPresence(OLD);
    current.set(NEW);
    for (const fault of [refusalOf(presence('of one shard')), refusalOf(), 'a text']) current.onFault(fault, []);
    expect(current.value).toEqual(NEW);
  });

  test('is no presence when Discord refuses the one of the options', () => {
    const current = new FleetPresence(OLD);
    current.onFault(refusalOf(OLD), []);
    expect(current.value).toBeUndefined();
  });
});

const namesOf = (packets: readonly { readonly d?: unknown }[]): unknown[] =>
  packets.map(({ d }) => (d as { presence?: typeof OLD }).presence?.activities[0]?.name);

/** The gateway refuses the presence `refused` in every frame. */
function strictManager(options: Parameters<typeof virtualManager>[1]) {
  const kit = virtualManager({ shards: 3 }, options);
  kit.gateway.intercept = (socket, packet) => {
    const isRefused = packet.op !== 1 && JSON.stringify(packet).includes('refused');
    if (isRefused) socket.end(4002);
    return isRefused;
  };
  const faults: unknown[] = [];
  kit.manager.on('fault', ({ code }, shardId) => void faults.push([code, shardId]));
  return { ...kit, faults };
}

describe('a presence that Discord refused on one shard', () => {
  test('is in the IDENTIFY of no other shard, and costs one session start', async () => {
    const { manager, gateway, clock, faults } = strictManager({ presence: presence('refused') });
    const connected = manager.connect();
    await clock.advanceAsync(60_000);
    await connected;
    expect(namesOf(gateway.sent(2))).toEqual(['refused', undefined, undefined, undefined]);
    expect(faults).toEqual([['PAYLOAD_REFUSED', 0]]);
  });

  test('gives way to the one that the other shards have had before', async () => {
    const { manager, gateway, clock, faults } = strictManager({ presence: presence('first') });
    const connected = manager.connect();
    await clock.advanceAsync(7_000);
    // Two shards are ready, and the third one waits for its turn.
    const broadcast = manager.broadcast({ op: 3, d: presence('refused') });
    await clock.advanceAsync(60_000);
    await connected;
    await expect(broadcast).rejects.toMatchObject({ code: 'PAYLOAD_REFUSED', opcode: 3 });
    expect(namesOf(gateway.sent(2))).toEqual(['first', 'first', 'first']);
    expect(faults).toEqual([
      ['PAYLOAD_REFUSED', 0],
      ['PAYLOAD_REFUSED', 1],
    ]);
    const updates = gateway.sent(3).map(({ d }) => (d as typeof OLD).activities[0]?.name);
    expect(updates).toEqual(['refused', 'refused', 'first', 'first']);
  });

  test.each([0, 2])('is in the IDENTIFY of no shard in another thread either (%i workers)', async (workers) => {
    const turn = Promise.withResolvers<void>();
    const permit = { sent: () => undefined, release: () => undefined };
    const identifyGate: IdentifyGate = {
      acquire: async ({ shardId }) => {
        if (shardId === 1) await turn.promise;
        return permit;
      },
    };
    // The ACK of a heartbeat would say that IDENTIFY has been accepted.
    const options = { workers, shards: 2, presence: presence('refused'), identifyGate };
    await using kit = await liveManager(options, { heartbeatIntervalMs: 60_000 });
    const { manager, gateway } = kit;
    gateway.holdReady();
    const connected = manager.connect();
    const connection = await gateway.waitForConnection(({ shard }) => shard?.[0] === 0);
    connection.holdAcks();
    await connection.waitFor(2);
    const fault = nextEvent(manager, 'fault', ({ code }) => code === 'PAYLOAD_REFUSED');
    connection.close(4002);
    await fault;
    gateway.releaseReady();
    turn.resolve();
    await connected;
    const presences = gateway.history.flatMap(({ received }) => namesOf(received.filter(({ op }) => op === 2)));
    expect(presences).toEqual(['refused', undefined, undefined]);
  });
});
