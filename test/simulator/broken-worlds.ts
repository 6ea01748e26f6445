/**
 * A broken world for each check. In most a proxy between the shard and its socket breaks something on purpose: the
 * events of the world stay true, and the shard acts wrongly.
 */
import type { WebSocketLike } from '../../src/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import { HEALTHY_MANAGER, event } from '../../simulator/healthy-settings.ts';
import type { CheckName } from '../../simulator/checks/index.ts';
import type { RunOptions } from '../../simulator/run.ts';
import type { SimSocket } from '../../simulator/sim-socket.ts';
import type { World } from '../../simulator/world.ts';
import { madeDispatch } from '../kit/made-dispatch.ts';
import { SocketProxy } from './socket-proxy.ts';

const isMessage = ({ op, s }: Packet, every: number): boolean =>
  op === 0 && typeof s === 'number' && s > 1 && s % every === 0;

export const throughProxy = (make: (world: World, socket: SimSocket) => WebSocketLike): RunOptions => ({
  sabotage: { createSocket: (world, socket) => make(world, socket) },
});

/** Does something during a run that a correct shard would not do. */
export const interfering = (act: (world: World) => void): RunOptions => ({ observe: act });

export const proc = (world: World) => world.shardPlaces[0]!.proc;

const bot = (world: World) => world.bot!.proc;

const eventCount = ({ d }: Packet): number => (d as { event?: number } | null)?.event ?? 0;

/** For single shards. */
export const BROKEN: Readonly<Partial<Record<CheckName, RunOptions>>> = {
  delivery: throughProxy(
    (world, socket) =>
      new (class extends SocketProxy {
        protected override incoming(packet: Packet): Packet[] {
          return isMessage(packet, 50) ? [] : [packet];
        }
      })(world, socket),
  ),
  'nothing-lost': {
    setting: { trafficMs: 400_000, latencyMs: 1 },
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override incoming(packet: Packet): Packet[] {
            return isMessage(packet, 1) ? [] : [packet];
          }
        })(world, socket),
    ),
  },
  'typed-listeners': interfering((world) => {
    world.eventLog.on('emitted', ({ name }) => {
      if (name === 'heartbeat')
        world.eventLog.record('typed', {
          proc: proc(world),
          dispatch: madeDispatch('MESSAGE_CREATE', 1),
        });
    });
  }),
  'resumed-count': {
    script: [event(600_000, 'drop')],
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override incoming(packet: Packet): Packet[] {
            // A replayed dispatch without a name: no listener receives it.
            return packet.t === 'RESUMED' ? [{ op: 0, t: null, s: null, d: null }, packet] : [packet];
          }
        })(world, socket),
    ),
  },
  'streams-agree': interfering((world) => {
    world.eventLog.on('emitted', ({ name }) => {
      if (name !== 'heartbeat') return;
      world.eventLog.record('stream.opened', { proc: proc(world), id: 900, events: null, signal: undefined });
      world.eventLog.record('stream.consumed', {
        proc: proc(world),
        id: 900,
        dispatch: madeDispatch('X', 1),
      });
    });
  }),
  'buffers-bounded': {
    setting: { maxBufferedBytes: 1_000 },
    ...interfering((world) => {
      world.eventLog.on('emitted', ({ name }) => {
        if (name !== 'heartbeat') return;
        world.eventLog.record('stream.opened', { proc: proc(world), id: 901, events: null, signal: undefined });
        // Nobody takes them.
        for (let s = 1; s <= 5; s += 1)
          world.eventLog.record('dispatched', {
            proc: proc(world),
            dispatch: madeDispatch('MESSAGE_CREATE', s, {}, Buffer.alloc(500)),
          });
      });
    }),
  },
  'store-behind': interfering((world) => {
    world.eventLog.on('emitted', ({ name }) => {
      const { session } = proc(world).shard;
      const ahead = world.gateway.sessions.get(session?.sessionId ?? '');
      if (name !== 'heartbeat' || session === null || ahead === undefined) return;
      world.gateway.burst(ahead, 5);
      world.eventLog.record('store.saving', {
        proc: proc(world),
        session: { ...session, sequence: ahead.sequence },
        fence: null,
      });
    });
  }),
  'store-fresh': interfering((world) => {
    world.eventLog.on('emitted', ({ name }) => {
      const sessionId = proc(world).shard.session?.sessionId;
      if (name !== 'heartbeat' || sessionId === undefined) return;
      // The shard does not know of it, so it can't store it.
      const d = { sim: [sessionId, 1_000_000] };
      world.eventLog.record('dispatched', {
        proc: proc(world),
        dispatch: madeDispatch('MESSAGE_CREATE', 1, d),
      });
    });
  }),
  'store-writes-bounded': interfering((world) => {
    world.eventLog.on('emitted', ({ name }) => {
      // The store has not answered the one before.
      const call = { proc: proc(world), what: 'save', shardId: 0, id: world.clock.now() };
      if (name === 'heartbeat') world.eventLog.record('store.began', call);
    });
  }),
  'frames-per-minute': throughProxy(
    (world, socket) =>
      new (class extends SocketProxy {
        protected override write(packet: Packet, text: string): void {
          for (let n = 0; n < (packet.op === 1 ? 130 : 1); n += 1) this.socket.send(text);
        }
      })(world, socket),
  ),
  presences: interfering((world) => {
    world.eventLog.on('emitted', ({ proc: { sockets }, name }) => {
      if (name === 'heartbeat') for (let n = 0; n < 6; n += 1) sockets.at(-1)!.send('{"op":3,"d":{}}');
    });
  }),
  'identify-spacing': {
    script: [event(600_000, 'invalidate')],
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override write(packet: Packet, text: string): void {
            this.socket.send(text);
            if (packet.op === 2) world.clock.scheduleInWorld(() => this.socket.send(text), 3_000);
          }
        })(world, socket),
    ),
  },
  'identify-budget': {
    setting: { budget: { total: 100, remaining: 1, resetAfterMs: 86_400_000 } },
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override write(packet: Packet, text: string): void {
            this.socket.send(text);
            if (packet.op === 2) world.clock.scheduleInWorld(() => this.socket.send(text), 6_000);
          }
        })(world, socket),
    ),
  },
  'identify-needless': {
    script: [event(600_000, 'drop')],
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override write(packet: Packet, text: string): void {
            this.socket.send(packet.op === 6 ? '{"op":2,"d":{"shard":[0,1]}}' : text);
          }
        })(world, socket),
    ),
  },
  'identify-patience': interfering((world) => {
    world.eventLog.on('shard.sent', ({ packet }) => {
      const error = Object.assign(new Error('too early'), { code: 'READY_TIMEOUT' });
      if (packet.op === 2) world.eventLog.record('emitted', { proc: proc(world), name: 'fault', args: [error] });
    });
  }),
  'heartbeats-on-time': throughProxy(
    (world, socket) =>
      new (class extends SocketProxy {
        #heartbeats = 0;

        protected override write(packet: Packet, text: string): void {
          if (packet.op === 1) this.#heartbeats += 1;
          if (packet.op === 1 && this.#heartbeats % 5 === 0)
            this.socket.onReceived([{ data: Buffer.from('{"op":11}'), isBinary: false, packets: [] }]);
          else this.socket.send(text);
        }
      })(world, socket),
  ),
  'zombie-replaced': {
    script: [event(600_000, 'halfOpen')],
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override write(packet: Packet, text: string): void {
            this.socket.send(text);
            if (packet.op === 1 && socket.link.isHalfOpen)
              socket.onReceived([{ data: Buffer.from('{"op":11}'), isBinary: false, packets: [] }]);
          }
        })(world, socket),
    ),
  },
  'prompt-return': interfering((world) => {
    world.clock.scheduleInWorld(() => {
      const args = [{ from: 'ready', to: 'reconnecting' }];
      for (const name of ['hello', 'stateChange'] as const)
        world.eventLog.record('emitted', { proc: proc(world), name, args });
    }, 60_000);
    world.clock.scheduleInWorld(
      () => world.eventLog.record('socket.created', { socket: proc(world).sockets.at(-1)! }),
      120_000,
    );
  }),
  'ready-again': throughProxy(
    (world, socket) =>
      new (class extends SocketProxy {
        protected override incoming(packet: Packet): Packet[] {
          return packet.t === 'READY' ? [] : [packet];
        }
      })(world, socket),
  ),
  'promises-settle': interfering((world) => {
    world.clock.scheduleInProcess(() => proc(world).trackPromise('nothing', () => new Promise(() => undefined)), 1_000);
  }),
  'no-timers': interfering((world) => void world.clock.setTimeout(() => undefined, 1e9)),
  'no-sockets': throughProxy(
    (world, socket) =>
      new (class extends SocketProxy {
        override close(): void {}
        override terminate(): void {}
      })(world, socket),
  ),
  'no-waiting-permits': interfering((world) => {
    world.eventLog.on('recovery.ended', () => {
      const { signal } = new AbortController();
      for (let n = 0; n < 2; n += 1) void world.gate.acquire({ shardId: 0, signal });
    });
  }),
  'no-abort-listeners': interfering((world) => {
    world.clock.scheduleInProcess(() => {
      const { signal } = new AbortController();
      proc(world).signals.push(signal);
      signal.addEventListener('abort', () => undefined);
    }, 1_000);
  }),
  'no-uncaught': interfering((world) =>
    world.clock.scheduleInProcess(() => void Promise.reject(new Error('unhandled')), 1_000),
  ),
  'no-internal-error': interfering((world) => {
    world.eventLog.on('socket.opened', () => {
      proc(world).shard.actor.getSnapshot().context = null as never;
    });
  }),
  oracle: throughProxy(
    (world, socket) =>
      new (class extends SocketProxy {
        protected override write(packet: Packet, text: string): void {
          this.socket.send(packet.op === 1 ? '{"op":1,"d":123456}' : text);
        }
      })(world, socket),
  ),
  'events-once': {
    setting: HEALTHY_MANAGER,
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override incoming(packet: Packet): Packet[] {
            return eventCount(packet) % 50 === 49 ? [packet, packet] : [packet];
          }
        })(world, socket),
    ),
  },
  'events-kept': {
    setting: HEALTHY_MANAGER,
    script: [event(600_000, 'reshard', 'action', 3), event(1_200_000, 'drop')],
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override incoming(packet: Packet): Packet[] {
            return eventCount(packet) % 50 === 49 ? [] : [packet];
          }
        })(world, socket),
    ),
  },
  'bucket-order': {
    setting: HEALTHY_MANAGER,
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override write(packet: Packet, text: string): void {
            this.socket.send(packet.op === 2 ? text.replace('"shard":[0,6]', '"shard":[5,6]') : text);
          }
        })(world, socket),
    ),
  },
  'manager-buffers-bounded': {
    setting: { ...HEALTHY_MANAGER, maxBufferedBytes: 1_000 },
    ...interfering((world) => {
      const { clock, eventLog } = world;
      // Nobody takes what one shard goes on to receive.
      const receive = (): void => {
        const owner = bot(world);
        eventLog.record('stream.opened', { proc: owner, id: 903, events: null, signal: undefined });
        for (let s = 1; s <= 5; s += 1) {
          const dispatch = madeDispatch('MESSAGE_CREATE', s, {}, Buffer.alloc(500));
          eventLog.record('shard.received', {
            socket: owner.sockets[0]!,
            packet: { op: 0, t: 'MESSAGE_CREATE', s, d: {} },
          });
          eventLog.record('bot.dispatched', { proc: owner, dispatch, shardId: 0 });
        }
      };
      clock.scheduleInProcess(receive, 60_000);
    }),
  },
  'manager-streams': {
    setting: HEALTHY_MANAGER,
    ...interfering((world) => {
      const open = (): void => {
        world.eventLog.record('stream.opened', { proc: bot(world), id: 902, events: null, signal: undefined });
        world.eventLog.record('stream.consumed', { proc: bot(world), id: 902, dispatch: madeDispatch('X', 1) });
      };
      world.clock.scheduleInProcess(open, 60_000);
    }),
  },
  'one-error': {
    setting: HEALTHY_MANAGER,
    ...interfering((world) => {
      const error = Object.assign(new Error('no such token'), { code: 'AUTHENTICATION_FAILED' });
      world.clock.scheduleInProcess(() => {
        for (const shardId of [null, 3])
          world.eventLog.record('bot.emitted', { proc: bot(world), name: 'failed', args: [error, shardId] });
      }, 60_000);
    }),
  },
};

/** Checks that also apply to managers, and how to break each. */
export const BROKEN_MANAGERS: Readonly<Partial<Record<CheckName, RunOptions>>> = {
  'identify-budget': {
    setting: {
      budget: { total: 100, remaining: 11, resetAfterMs: 86_400_000 },
      manager: { shards: 'auto', reserve: 5, guilds: 12 },
    },
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override write(packet: Packet, text: string): void {
            this.socket.send(text);
            if (packet.op === 2) world.clock.scheduleInWorld(() => this.socket.send(text), 6_000);
          }
        })(world, socket),
    ),
  },
  'identify-spacing': throughProxy(
    (world, socket) =>
      new (class extends SocketProxy {
        protected override write(packet: Packet, text: string): void {
          this.socket.send(text);
          if (packet.op === 2) world.clock.scheduleInWorld(() => this.socket.send(text), 3_000);
        }
      })(world, socket),
  ),
  'promises-settle': interfering((world) =>
    world.clock.scheduleInProcess(() => bot(world).trackPromise('nothing', () => new Promise(() => undefined)), 1_000),
  ),
  'no-timers': interfering((world) => void world.clock.setTimeout(() => undefined, 1e9)),
  'no-sockets': throughProxy(
    (world, socket) =>
      new (class extends SocketProxy {
        override close(): void {}
        override terminate(): void {}
      })(world, socket),
  ),
  'no-internal-error': interfering((world) => {
    world.eventLog.on('socket.opened', () => {
      bot(world).manager.actor.getSnapshot().context = null as never;
    });
  }),
  'ready-again': throughProxy(
    (world, socket) =>
      new (class extends SocketProxy {
        protected override incoming(packet: Packet): Packet[] {
          return packet.t === 'READY' ? [] : [packet];
        }
      })(world, socket),
  ),
  'no-abort-listeners': interfering((world) => {
    world.clock.scheduleInProcess(() => {
      const { signal } = new AbortController();
      bot(world).signals.push(signal);
      signal.addEventListener('abort', () => undefined);
    }, 1_000);
  }),
};
