/** What must be over when all is over, and what must never happen. */
import { getEventListeners } from 'node:events';
import { GatewayError } from '../../src/index.ts';
import { DEFAULT_TIMING } from '../../machines/index.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { Check } from './check.ts';

export const promisesSettle: Check = {
  rule: 'every promise settles, with nothing or with a GatewayError, and disconnect() within its time',
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
        complain(`${promise.name}() rejected with ${error instanceof Error ? error.message : 'no error'}`);
      const tookMs = world.clock.now() - promise.at;
      // The handshake and the store may take closeTimeoutMs each.
      const maxMs = DEFAULT_TIMING.closeTimeoutMs * 2 + world.clock.latenessMs(promise.at, world.clock.now()) * 2;
      if (promise.name === 'disconnect' && tookMs > maxMs)
        complain(`disconnect() took ${tookMs} ms, ${maxMs} are allowed`);
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
      if (world.clock.pending > 0) complain(`${world.clock.pending} timers are set`);
    });
  },
};

export const noSockets: Check = {
  rule: 'a stopped shard has no socket, and one that runs has at most one that is not being closed',
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
      for (const socket of open) complain(`socket ${socket.id} is in state ${socket.readyState}`);
    });
  },
};

export const noWaitingPermits: Check = {
  rule: 'a stopped shard waits for no permit',
  watch(world, complain) {
    world.eventLog.on('stopped', () => {
      if (world.gate.waiting > 0) complain(`${world.gate.waiting} wait at the identify gate`);
    });
  },
};

export const noAbortListeners: Check = {
  rule: 'no listener is left on the signals of the user',
  watch(world, complain) {
    world.eventLog.on('stopped', () => {
      for (const { processes } of world.places) {
        for (const signal of processes.flatMap(({ signals }) => signals)) {
          const { length } = getEventListeners(signal, 'abort');
          if (length > 0) complain(`${length} listeners are left on a signal`);
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
  rule: 'the machine never ends in an error, and nothing is an INTERNAL_ERROR',
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
    world.eventLog.on('drain.began', checkStatus);
    world.eventLog.on('stopped', checkStatus);
  },
};

/** Judged by the run itself, which knows how long it waits. */
export const readyAgain: Check = {
  rule: 'the shard is ready again within a bound after the last fault',
  watch(world, complain) {
    world.eventLog.on('drain.late', ({ what }) => complain(what));
  },
};
