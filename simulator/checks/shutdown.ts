/** Checks that a stopped shard leaves nothing behind, and that no error escapes. */
import { getEventListeners } from 'node:events';
import { GatewayError } from '../../src/index.ts';
import { DEFAULT_TIMING } from '../../machines/index.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { Check } from './check.ts';

export const promisesSettle: Check = {
  rule: 'every promise settles, rejects only with a GatewayError, and disconnect() settles in time',
  watch(world, complain) {
    const open = new Map<string, { name: string; at: number }>();
    world.eventLog.on(
      'promise.made',
      ({ proc, id, name }) => void open.set(`${proc.place.name}/${id}`, { name, at: world.clock.now() }),
    );
    world.eventLog.on('promise.settled', ({ proc, id, error }) => {
      const key = `${proc.place.name}/${id}`;
      const promise = open.get(key);
      open.delete(key);
      if (promise === undefined) return complain('a promise settled twice');
      if (error !== null && !(error instanceof GatewayError))
        complain(
          `${promise.name}() rejected with ${error instanceof Error ? error.message : 'a value that is not an error'}`,
        );
      const tookMs = world.clock.now() - promise.at;
      // The handshake and the store may take closeTimeoutMs each.
      const maxMs = DEFAULT_TIMING.closeTimeoutMs * 2 + world.clock.latenessMs(promise.at, world.clock.now()) * 2;
      if (promise.name === 'disconnect' && tookMs > maxMs)
        complain(`disconnect() took ${tookMs} ms; ${maxMs} ms are allowed`);
    });
    world.eventLog.on('stopped', () => {
      for (const { name, at } of open.values())
        complain(`${name}() has not settled, ${world.clock.now() - at} ms after the call`);
    });
  },
};

export const noTimers: Check = {
  rule: 'a stopped shard has no timer',
  watch(world, complain) {
    world.eventLog.on('stopped', () => {
      if (world.clock.pending > 0) complain(`${world.clock.pending} timers are still set`);
    });
  },
};

export const noSockets: Check = {
  rule: 'a stopped shard has no socket, and a running shard has at most one that is not closing',
  watch(world, complain) {
    const open = new Set<SimSocket>();
    world.eventLog.on('socket.created', ({ socket }) => {
      for (const other of open) {
        if (
          other.proc === socket.proc &&
          other.shardId !== null &&
          other.shardId === socket.shardId &&
          other.readyState < 2
        )
          complain(`socket ${socket.id} was opened beside socket ${other.id}`);
      }
      open.add(socket);
    });
    world.eventLog.on('socket.closed', ({ socket }) => void open.delete(socket));
    world.eventLog.on('stopped', () => {
      for (const socket of open) complain(`socket ${socket.id} still has the readyState ${socket.readyState}`);
    });
  },
};

export const noWaitingPermits: Check = {
  rule: 'a stopped shard does not wait at the identify gate',
  watch(world, complain) {
    world.eventLog.on('stopped', () => {
      if (world.gate.waiting > 0) complain(`${world.gate.waiting} shards still wait at the identify gate`);
    });
  },
};

export const noAbortListeners: Check = {
  rule: 'no abort listener is left on the signals of the user',
  watch(world, complain) {
    world.eventLog.on('stopped', () => {
      for (const { processes } of world.places) {
        for (const signal of processes.flatMap(({ signals }) => signals)) {
          const { length } = getEventListeners(signal, 'abort');
          if (length > 0) complain(`${length} abort listeners are left on a signal`);
        }
      }
    });
  },
};

export const noUncaught: Check = {
  rule: 'no error goes uncaught, and no call throws',
  watch(world, complain) {
    world.eventLog.on('uncaught', ({ error }) =>
      complain(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
  },
};

export const noInternalError: Check = {
  rule: 'no machine ends in an error, and no error is an INTERNAL_ERROR',
  watch(world, complain) {
    world.eventLog.on('emitted', ({ name, args }) => {
      const { code, cause } = (name === 'fault' || name === 'failed' ? args[0] : {}) as Partial<GatewayError>;
      if (code === 'INTERNAL_ERROR')
        complain(`INTERNAL_ERROR: ${cause instanceof Error ? cause.stack : String(cause)}`);
    });
    world.eventLog.on('promise.settled', ({ error }) => {
      if (error instanceof GatewayError && error.code === 'INTERNAL_ERROR')
        complain('a promise rejected with INTERNAL_ERROR');
    });
    world.eventLog.on('bot.emitted', ({ name, args }) => {
      const { code, cause } = (name === 'fault' || name === 'failed' ? args[0] : {}) as Partial<GatewayError>;
      if (code === 'INTERNAL_ERROR')
        complain(`INTERNAL_ERROR: ${cause instanceof Error ? cause.stack : String(cause)}`);
    });
    const checkStatus = (): void => {
      const shards = world.shardPlaces.flatMap(({ processes }) =>
        processes.map(({ shard }) => shard.actor.getSnapshot().status),
      );
      const managers = world.bot?.processes.map(({ manager }) => manager.actor.getSnapshot().status) ?? [];
      for (const status of [...shards, ...managers]) if (status !== 'active') complain(`the machine is ${status}`);
    };
    world.eventLog.on('recovery.began', checkStatus);
    world.eventLog.on('stopped', checkStatus);
  },
};

/** The run itself decides, because it knows how long it waits. */
export const readyAgain: Check = {
  rule: 'every shard is ready again within a time limit after the last fault',
  watch(world, complain) {
    world.eventLog.on('recovery.late', ({ what }) => complain(what));
  },
};
