/** Broken worlds for the checks of hostile messages and of two processes. */
import { GatewayError } from '../../src/index.ts';
import type { CheckName } from '../../simulator/checks/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import { event } from '../../simulator/healthy-settings.ts';
import { refusedText } from '../../simulator/refusal.ts';
import type { RunOptions } from '../../simulator/run.ts';
import type { SimulatedProcess } from '../../simulator/simulated-process.ts';
import type { World } from '../../simulator/world.ts';
import { interfering, proc, throughProxy } from './broken-worlds.ts';
import { SocketProxy } from './socket-proxy.ts';

const fault = (world: World, code: 'DECODE_FAILED' | 'DISPATCH_SKIPPED', message: string): void =>
  world.eventLog.record('emitted', { proc: proc(world), name: 'fault', args: [new GatewayError(code, message)] });

/** Lets the second process of the first deploy act like one that knows nothing of owners. */
const withoutOwners = (act: (world: World, old: SimulatedProcess, proc: SimulatedProcess) => void): RunOptions => ({
  // With an overlap of 12 s, and a graceful stop.
  script: [event(600_000, 'deploy', 'action', 10)],
  ...interfering((world) => world.eventLog.on('process.deployed', ({ old, proc: fresh }) => act(world, old, fresh))),
});

/** With these seeds a close frame of the gateway crosses that of the shard: with 4003, and with 4010. */
export const CROSSING = 1;
export const CROSSING_FATAL = 4;

/** A shard whose connection does not say with which code the gateway closed. */
export const withoutCloseCodes: RunOptions = throughProxy(
  (world, socket) =>
    new (class extends SocketProxy {
      override on(name: string, handler: (...args: never[]) => void): this {
        const closed = handler as unknown as (code: number, reason: Buffer) => void;
        if (name !== 'close') return super.on(name, handler);
        this.socket.on('close', (_: number, reason: Buffer) => closed(1006, reason));
        return this;
      }
    })(world, socket),
);

/** A store whose fences do not show that another process has had the shard. */
export const withoutFences: RunOptions = interfering(({ eventLog }) => {
  eventLog.on('process.deployed', ({ old: { place } }) => {
    const owner = place.owners.get(0)!;
    eventLog.on('process.ended', () => void place.owners.set(0, owner));
  });
});

/** A shard, or a manager, that fails and does not emit `failed`. */
const failingInSilence: RunOptions = {
  script: [event(600_000, 'closeFatal')],
  ...interfering(({ eventLog }) => {
    const record = eventLog.record.bind(eventLog);
    eventLog.record = (name, details) => {
      if (!('name' in details) || details.name !== 'failed') record(name, details);
    };
  }),
};

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
  // A shard that sends its presence again on the next connection.
  'refused-once': {
    script: [event(600_000, 'refused', 'action', 1)],
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override write(packet: Packet, text: string): void {
            this.socket.send(
              packet.op === 6 ? text.replace('"op":6', `"op":6,"presence":"${refusedText(4002, 7)}"`) : text,
            );
            if (packet.op === 1 && world.clock.now() % 2 < 1)
              this.socket.send(`{"op":3,"d":"${refusedText(4002, 7)}"}`);
          }
        })(world, socket),
    ),
  },
  // A shard that says nothing.
  'refusal-named': interfering((world) => {
    world.clock.scheduleInWorld(
      () => world.eventLog.record('socket.closed', { socket: proc(world).sockets.at(-1)!, code: 4002 }),
      600_000,
    );
  }),
  // A shard that tears its socket down as soon as it has sent its close frame.
  'close-codes-read': {
    script: [event(600_000, 'crossingClose', 'fault', CROSSING)],
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          override close(code?: number, reason?: string): void {
            this.socket.close(code, reason);
            this.socket.terminate();
          }
        })(world, socket),
    ),
  },
  // A shard that does not read what waits on its socket before it judges.
  'no-wrong-zombie': {
    ...interfering((world) => {
      world.eventLog.on('emitted', ({ name, args }) => {
        const { to } = args[0] as { to?: string };
        const socket = proc(world).sockets.at(-1)!;
        if (name === 'stateChange' && to === 'ready') socket.acksArrived = 1_000;
      });
      world.clock.scheduleInWorld(() => world.makeHalfOpen(proc(world).sockets.at(-1)!), 300_000);
    }),
  },
  // A shard that runs on the monotonic clock alone, which stands still while the machine is suspended.
  'sleep-noticed': {
    setting: { hasSystemClock: false },
    ...interfering((world) => {
      world.clock.scheduleInWorld(() => {
        world.eventLog.record('process.asleep', { ms: 3_600_000, until: world.clock.now() + 3_600_000 });
        world.clock.suspend(3_600_000);
      }, 300_000);
    }),
  },
  'failure-heard': failingInSilence,
  'one-owner': withoutOwners((world, old, fresh) => {
    const socket = world.createSocket(fresh, 'wss://main.sim', 0);
    world.clock.scheduleInWorld(() => {
      const session = old.sockets.at(-1)!.connection!.session!;
      socket.send(JSON.stringify({ op: 6, d: { session_id: session.id, seq: session.sequence } }));
    }, 5_000);
  }),
  'owner-writes': {
    setting: { trafficMs: 500 },
    ...withoutOwners((world, old) => world.eventLog.record('store.refused', { proc: old, shardId: 0, what: 'write' })),
  },
  // The store keeps an older session than the process gave it.
  'exact-hand-over': withoutOwners((world, old) => {
    world.eventLog.on('process.ended', () => {
      const stored = old.place.stored.get(0)!;
      old.place.stored.set(0, { ...stored, sequence: stored.sequence - 3 });
    });
  }),
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

/** For managers. */
export const MANAGERS_BROKEN_BY_OTHERS: Readonly<Partial<Record<CheckName, RunOptions>>> = {
  // Shards that send the presence of broadcast() again on the next connection.
  'refused-once': BROKEN_BY_OTHERS['refused-once']!,
  'failure-heard': failingInSilence,
  'refusal-named': interfering((world) => {
    world.clock.scheduleInWorld(
      () => world.eventLog.record('socket.closed', { socket: world.bot!.proc.sockets.at(-1)!, code: 4002 }),
      600_000,
    );
  }),
  'one-owner': withoutOwners((world, old, fresh) => {
    const socket = world.createSocket(fresh, 'wss://main.sim', 0);
    world.clock.scheduleInWorld(() => {
      const { connection } = old.sockets.findLast(({ shardId, readyState }) => shardId === 0 && readyState === 1)!;
      const { id, sequence } = connection!.session!;
      socket.send(JSON.stringify({ op: 6, d: { session_id: id, seq: sequence } }));
    }, 5_000);
  }),
  'owner-writes': BROKEN_BY_OTHERS['owner-writes']!,
  // The store keeps older sessions than the process gave it.
  'events-once': {
    setting: { trafficMs: 500 },
    ...withoutOwners((world, { place }, fresh) => {
      world.eventLog.on('store.claimed', ({ proc: owner, shardId }) => {
        const stored = place.stored.get(shardId);
        if (owner === fresh && stored !== undefined)
          place.stored.set(shardId, { ...stored, sequence: stored.sequence - 3 });
      });
    }),
  },
};
