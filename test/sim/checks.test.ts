/**
 * Each check can fail: runs against worlds in which something is broken on purpose, most of them between the shard and
 * its socket, so that what the world tells is true and what the shard does is not.
 */
import { describe, expect, it } from 'vitest';
import type { WebSocketLike } from '../../src/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import { CALM, FLEET, event } from './calm.ts';
import { CHECKS } from './checks/index.ts';
import type { CheckName } from './checks/index.ts';
import { play } from './run.ts';
import type { RunOptions, RunResult } from './run.ts';
import type { SimSocket } from './sim-socket.ts';
import type { World } from './world.ts';

/** A socket of the shard that is not quite the one of the world. */
class Proxy implements WebSocketLike {
  protected readonly world: World;
  protected readonly socket: SimSocket;

  constructor(world: World, socket: SimSocket) {
    this.world = world;
    this.socket = socket;
  }

  get readyState(): number {
    return this.socket.readyState;
  }

  on(name: string, handler: (...args: never[]) => void): this {
    if (name === 'message') this.socket.on(name, (data: Buffer, isBinary: boolean) => this.#read(data, isBinary, handler as never));
    else this.socket.on(name, handler);
    return this;
  }

  send(text: string): void {
    this.write(JSON.parse(text) as Packet, text);
  }

  close(code?: number, reason?: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  #read(data: Buffer, isBinary: boolean, give: (data: Buffer, isBinary: boolean) => void): void {
    for (const packet of this.incoming(JSON.parse(data.toString()) as Packet)) give(Buffer.from(JSON.stringify(packet)), isBinary);
  }

  /** What the shard gets to read for a packet. */
  protected incoming(packet: Packet): Packet[] {
    return [packet];
  }

  protected write(_packet: Packet, text: string): void {
    this.socket.send(text);
  }
}

const isMessage = ({ op, s }: Packet, every: number): boolean => op === 0 && typeof s === 'number' && s > 1 && s % every === 0;

const through = (make: (world: World, socket: SimSocket) => WebSocketLike): RunOptions => ({
  sabotage: { createSocket: (world, socket) => make(world, socket) },
});

/** Waits for a moment of a run, and then does something that a right shard would not. */
const meddle = (act: (world: World) => void): RunOptions => ({ observe: act });

const life = (world: World) => world.slots[0]!.life;

const bot = (world: World) => world.bot!.life;

const eventCount = ({ d }: Packet): number => (d as { event?: number } | null)?.event ?? 0;

const BROKEN: Readonly<Record<CheckName, RunOptions>> = {
  'delivery': through((world, socket) => new (class extends Proxy {
    protected override incoming(packet: Packet): Packet[] {
      return isMessage(packet, 50) ? [] : [packet];
    }
  })(world, socket)),
  'nothing-lost': {
    setting: { trafficMs: 400_000, latencyMs: 1 },
    ...through((world, socket) => new (class extends Proxy {
      protected override incoming(packet: Packet): Packet[] {
        return isMessage(packet, 1) ? [] : [packet];
      }
    })(world, socket)),
  },
  'typed-listeners': meddle((world) => {
    world.chronicle.on('told', ({ name }) => {
      if (name === 'heartbeat') world.chronicle.tell('typed', { life: life(world), dispatch: { op: 0, t: 'MESSAGE_CREATE', s: 1, d: {}, raw: Buffer.from('{}') } });
    });
  }),
  'resumed-count': {
    script: [event(600_000, 'drop')],
    ...through((world, socket) => new (class extends Proxy {
      protected override incoming(packet: Packet): Packet[] {
        // A replayed dispatch that no listener hears of, because it has no name.
        return packet.t === 'RESUMED' ? [{ op: 0, t: null, s: null, d: null }, packet] : [packet];
      }
    })(world, socket)),
  },
  'streams-agree': meddle((world) => {
    world.chronicle.on('told', ({ name }) => {
      if (name !== 'heartbeat') return;
      world.chronicle.tell('stream.opened', { life: life(world), id: 900, events: null, signal: undefined });
      world.chronicle.tell('stream.took', { life: life(world), id: 900, dispatch: { op: 0, t: 'X', s: 1, d: {}, raw: Buffer.from('{}') } });
    });
  }),
  'store-behind': meddle((world) => {
    world.chronicle.on('told', ({ name }) => {
      const { session } = life(world).shard;
      const ahead = world.gateway.sessions.get(session?.sessionId ?? '');
      if (name !== 'heartbeat' || session === null || ahead === undefined) return;
      world.gateway.burst(ahead, 5);
      world.chronicle.tell('store.saving', { life: life(world), session: { ...session, sequence: ahead.sequence } });
    });
  }),
  'frames-per-minute': through((world, socket) => new (class extends Proxy {
    protected override write(packet: Packet, text: string): void {
      for (let n = 0; n < (packet.op === 1 ? 130 : 1); n += 1) this.socket.send(text);
    }
  })(world, socket)),
  'presences': meddle((world) => {
    world.chronicle.on('told', ({ life: { sockets }, name }) => {
      if (name === 'heartbeat') for (let n = 0; n < 6; n += 1) sockets.at(-1)!.send('{"op":3,"d":{}}');
    });
  }),
  'identify-spacing': {
    script: [event(600_000, 'invalidate')],
    ...through((world, socket) => new (class extends Proxy {
      protected override write(packet: Packet, text: string): void {
        this.socket.send(text);
        if (packet.op === 2) world.clock.outside(() => this.socket.send(text), 3_000);
      }
    })(world, socket)),
  },
  'identify-budget': {
    setting: { budget: { total: 100, remaining: 1, resetAfterMs: 86_400_000 } },
    ...through((world, socket) => new (class extends Proxy {
      protected override write(packet: Packet, text: string): void {
        this.socket.send(text);
        if (packet.op === 2) world.clock.outside(() => this.socket.send(text), 6_000);
      }
    })(world, socket)),
  },
  'identify-needless': {
    script: [event(600_000, 'drop')],
    ...through((world, socket) => new (class extends Proxy {
      protected override write(packet: Packet, text: string): void {
        this.socket.send(packet.op === 6 ? '{"op":2,"d":{"shard":[0,1]}}' : text);
      }
    })(world, socket)),
  },
  'identify-patience': meddle((world) => {
    world.chronicle.on('shard.sent', ({ packet }) => {
      const error = Object.assign(new Error('too early'), { code: 'READY_TIMEOUT' });
      if (packet.op === 2) world.chronicle.tell('told', { life: life(world), name: 'fault', args: [error] });
    });
  }),
  'beats-on-time': through((world, socket) => new (class extends Proxy {
    #beats = 0;

    protected override write(packet: Packet, text: string): void {
      if (packet.op === 1) this.#beats += 1;
      if (packet.op === 1 && this.#beats % 5 === 0) this.socket.received([{ data: Buffer.from('{"op":11}'), isBinary: false, packets: [] }]);
      else this.socket.send(text);
    }
  })(world, socket)),
  'zombie-replaced': {
    script: [event(600_000, 'halfOpen')],
    ...through((world, socket) => new (class extends Proxy {
      protected override write(packet: Packet, text: string): void {
        this.socket.send(text);
        if (packet.op === 1 && socket.link.isDeaf) socket.received([{ data: Buffer.from('{"op":11}'), isBinary: false, packets: [] }]);
      }
    })(world, socket)),
  },
  'ready-again': through((world, socket) => new (class extends Proxy {
    protected override incoming(packet: Packet): Packet[] {
      return packet.t === 'READY' ? [] : [packet];
    }
  })(world, socket)),
  'promises-settle': meddle((world) => {
    world.clock.later(() => life(world).hold('nothing', () => new Promise(() => undefined)), 1_000);
  }),
  'no-timers': meddle((world) => void world.clock.setTimeout(() => undefined, 1e9)),
  'no-sockets': through((world, socket) => new (class extends Proxy {
    override close(): void {}
    override terminate(): void {}
  })(world, socket)),
  'no-places': meddle((world) => {
    world.chronicle.on('drain.ended', () => {
      const { signal } = new AbortController();
      for (let n = 0; n < 2; n += 1) void world.gate.acquire({ shardId: 0, signal });
    });
  }),
  'no-abort-listeners': meddle((world) => {
    world.clock.later(() => {
      const { signal } = new AbortController();
      life(world).signals.push(signal);
      signal.addEventListener('abort', () => undefined);
    }, 1_000);
  }),
  'no-uncaught': meddle((world) => world.clock.later(() => void Promise.reject(new Error('nobody looks')), 1_000)),
  'no-internal-error': meddle((world) => {
    world.chronicle.on('socket.opened', () => {
      life(world).shard.actor.getSnapshot().context = null as never;
    });
  }),
  'oracle': through((world, socket) => new (class extends Proxy {
    protected override write(packet: Packet, text: string): void {
      this.socket.send(packet.op === 1 ? '{"op":1,"d":123456}' : text);
    }
  })(world, socket)),
  'events-once': {
    setting: FLEET,
    ...through((world, socket) => new (class extends Proxy {
      protected override incoming(packet: Packet): Packet[] {
        return eventCount(packet) % 50 === 49 ? [packet, packet] : [packet];
      }
    })(world, socket)),
  },
  'events-kept': {
    setting: FLEET,
    script: [event(600_000, 'reshard', 'deed', 3), event(1_200_000, 'drop')],
    ...through((world, socket) => new (class extends Proxy {
      protected override incoming(packet: Packet): Packet[] {
        return eventCount(packet) % 50 === 49 ? [] : [packet];
      }
    })(world, socket)),
  },
  'bucket-order': {
    setting: FLEET,
    ...through((world, socket) => new (class extends Proxy {
      protected override write(packet: Packet, text: string): void {
        this.socket.send(packet.op === 2 ? text.replace('"shard":[0,6]', '"shard":[5,6]') : text);
      }
    })(world, socket)),
  },
  'one-error': {
    setting: FLEET,
    ...meddle((world) => {
      const error = Object.assign(new Error('no such token'), { code: 'AUTHENTICATION_FAILED' });
      world.clock.later(() => {
        for (const shardId of [null, 3]) world.chronicle.tell('bot.told', { life: bot(world), name: 'failed', args: [error, shardId] });
      }, 60_000);
    }),
  },
};

/** What can be broken in a manager, too. */
const BROKEN_FLEETS: Readonly<Partial<Record<CheckName, RunOptions>>> = {
  'identify-budget': {
    setting: { budget: { total: 100, remaining: 11, resetAfterMs: 86_400_000 }, fleet: { shards: 'auto', reserve: 5, guilds: 12 } },
    ...through((world, socket) => new (class extends Proxy {
      protected override write(packet: Packet, text: string): void {
        this.socket.send(text);
        if (packet.op === 2) world.clock.outside(() => this.socket.send(text), 6_000);
      }
    })(world, socket)),
  },
  'identify-spacing': through((world, socket) => new (class extends Proxy {
    protected override write(packet: Packet, text: string): void {
      this.socket.send(text);
      if (packet.op === 2) world.clock.outside(() => this.socket.send(text), 3_000);
    }
  })(world, socket)),
  'promises-settle': meddle((world) => world.clock.later(() => bot(world).hold('nothing', () => new Promise(() => undefined)), 1_000)),
  'no-timers': meddle((world) => void world.clock.setTimeout(() => undefined, 1e9)),
  'no-sockets': through((world, socket) => new (class extends Proxy {
    override close(): void {}
    override terminate(): void {}
  })(world, socket)),
  'no-internal-error': meddle((world) => {
    world.chronicle.on('socket.opened', () => {
      bot(world).manager.actor.getSnapshot().context = null as never;
    });
  }),
  'ready-again': through((world, socket) => new (class extends Proxy {
    protected override incoming(packet: Packet): Packet[] {
      return packet.t === 'READY' ? [] : [packet];
    }
  })(world, socket)),
  'no-abort-listeners': meddle((world) => {
    world.clock.later(() => {
      const { signal } = new AbortController();
      bot(world).signals.push(signal);
      signal.addEventListener('abort', () => undefined);
    }, 1_000);
  }),
};

/** The gateway asks for a beat beside so many frames of the user, and the shard never gets to know. */
const deafToRequests = (frames: number): Promise<RunResult> => play(1, {
  script: [],
  setting: CALM,
  checks: ['oracle'],
  ...through((world, socket) => new (class extends Proxy {
    protected override incoming(packet: Packet): Packet[] {
      return packet.op === 1 ? [] : [packet];
    }
  })(world, socket)),
  ...meddle((world) => {
    const voice = { op: 4, d: { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false } } as const;
    world.clock.later(() => {
      for (let n = 0; n < frames; n += 1) life(world).hold('send', () => life(world).shard.send(voice, { ignoreRateLimit: true }));
    }, 60_000);
    world.clock.outside(() => life(world).sockets.at(-1)!.connection!.say({ op: 1, d: null }), 61_000);
  }),
});

describe('the checks', () => {
  it('find nothing in a world in which nothing is broken', async () => {
    const { violation } = await play(1, { setting: CALM, script: [event(600_000, 'drop'), event(900_000, 'halfOpen'), event(1_200_000, 'invalidate')] });
    expect(violation).toBeNull();
  });

  it.each(Object.keys(CHECKS) as CheckName[])('%s can fail', async (check) => {
    const { setting, ...broken } = BROKEN[check];
    const { violation } = await play(1, { script: [], ...broken, setting: { ...CALM, ...setting }, checks: [check] });
    expect(violation).toMatchObject({ check });
  });

  it('find nothing in the world of a manager in which nothing is broken', async () => {
    const script = [event(600_000, 'drop'), event(900_000, 'reshard', 'deed', 3), event(1_200_000, 'invalidate'), event(1_500_000, 'kill', 'deed'), event(1_800_000, 'restart', 'deed')];
    const { violation } = await play(1, { setting: FLEET, script });
    expect(violation).toBeNull();
  });

  it.each(Object.keys(BROKEN_FLEETS) as CheckName[])('%s can fail with a manager', async (check) => {
    const { setting, ...broken } = BROKEN_FLEETS[check]!;
    const { violation } = await play(1, { script: [], ...broken, setting: { ...FLEET, ...setting }, checks: [check] });
    expect(violation).toMatchObject({ check });
  });

  it('oracle grants a beat that is asked for and left out only where there is no room for one', async () => {
    expect((await deafToRequests(100)).violation?.what).toContain('heartbeat-answer');
    expect((await deafToRequests(130)).violation).toBeNull();
  });
});
