/** Broken worlds for the checks of hostile messages: the shard, or what it reports, is not what a correct one does. */
import { GatewayError } from '../../src/index.ts';
import type { CheckName } from '../../simulator/checks/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import { event } from '../../simulator/healthy-settings.ts';
import type { RunOptions } from '../../simulator/run.ts';
import type { World } from '../../simulator/world.ts';
import { interfering, proc, throughProxy } from './broken-worlds.ts';
import { SocketProxy } from './socket-proxy.ts';

const fault = (world: World, code: 'DECODE_FAILED' | 'DISPATCH_SKIPPED', message: string): void =>
  world.eventLog.record('emitted', { proc: proc(world), name: 'fault', args: [new GatewayError(code, message)] });

export const BROKEN_BY_OTHERS: Readonly<Partial<Record<CheckName, RunOptions>>> = {
  // A shard that skips a dispatch at the first failure, or one that it could read.
  'poison-skipped': interfering((world) => {
    world.eventLog.on('dispatched', ({ dispatch: { s } }) => {
      if (s === 50) fault(world, 'DISPATCH_SKIPPED', 'a dispatch with sequence 50 is skipped');
    });
  }),
  // A shard that resumes whatever happens.
  'unreadable-bounded': {
    script: [event(600_000, 'drop')],
    ...interfering((world) => {
      world.eventLog.on('emitted', ({ name, args }) => {
        if (name !== 'stateChange' || (args[0] as { from: string }).from !== 'reconnecting') return;
        for (let n = 0; n < 5; n += 1) fault(world, 'DECODE_FAILED', 'a message was not a JSON object');
      });
    }),
  },
  // A shard that drops what it does not understand.
  'odd-delivered': {
    script: [event(600_000, 'oddSequence')],
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override incoming(packet: Packet): Packet[] {
            return packet.t === 'ODD' ? [] : [packet];
          }
        })(world, socket),
    ),
  },
};
