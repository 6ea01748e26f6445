/** The actions that a user can take on a manager, at any time and in any state. */
import type { SendPayload } from '../../src/index.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import { consume } from '../consumer.ts';
import { REFUSAL_CODES, refusedText } from '../refusal.ts';
import { deploy, takeTurns } from '../second-process.ts';
import type { BotProcess } from './bot-process.ts';

interface ManagerAction {
  readonly weight: number;
  /** Describes the action, and then takes it. `drops`: it discards the sessions. */
  run(proc: BotProcess, random: SeededRandom, describe: (what: string, drops?: boolean) => void): void;
}

const SECONDS = 1_000;
export const MAX_SHARDS = 8;

const maybeSignal = (proc: BotProcess, random: SeededRandom): { signal?: AbortSignal } =>
  random.chance(0.25) ? { signal: proc.createSignal(random.chance(0.1) ? -1 : random.int(0, 30 * SECONDS)) } : {};

const withSignal = (what: string, { signal }: { signal?: AbortSignal }): string =>
  signal === undefined ? what : `${what} with a signal`;

const presence = (name: string): SendPayload =>
  ({
    op: 3,
    d: { since: null, activities: [{ name, type: 0 }], status: 'online', afk: false },
  }) as unknown as SendPayload;

const payload = (random: SeededRandom, n: number): SendPayload =>
  (random.chance(0.3)
    ? presence(`game ${n}`)
    : {
        op: 4,
        d: { guild_id: `${n}`, channel_id: null, self_mute: false, self_deaf: false },
      }) as unknown as SendPayload;

const someShard = (proc: BotProcess, random: SeededRandom): number =>
  random.int(0, Math.max(0, (proc.manager.total ?? 1) - 1));

export const MANAGER_ACTIONS: Readonly<Record<string, ManagerAction>> = {
  connect: {
    weight: 3,
    run(proc, random, describe) {
      const options = maybeSignal(proc, random);
      describe(withSignal('', options));
      proc.trackPromise('connect', () => proc.manager.connect(options));
    },
  },
  disconnect: {
    weight: 2,
    run(proc, random, describe) {
      const how = random.pick([
        {},
        {},
        {},
        { session: 'keep' },
        { session: 'discard' },
        { code: 1000 },
        { code: 4999 },
      ] as const);
      const options = maybeSignal(proc, random);
      describe(
        withSignal(JSON.stringify(how), options),
        'session' in how ? how.session === 'discard' : 'code' in how && how.code < 4000,
      );
      proc.trackPromise('disconnect', () => proc.manager.disconnect({ ...how, ...options }));
      proc.place.reconnectLater(proc, random.chance(0.5) ? random.int(0, 500) : random.int(0, 60 * SECONDS));
    },
  },
  forceClose: {
    weight: 1,
    run(proc, random, describe) {
      const code = random.pick([undefined, undefined, 1000, 4321]);
      describe(`${code ?? ''}`, code === 1000);
      proc.manager.forceClose(code);
      proc.place.reconnectLater(proc, random.int(0, 20 * SECONDS));
    },
  },
  reshard: {
    weight: 6,
    run(proc, random, describe) {
      const total = random.int(1, MAX_SHARDS);
      const options = random.chance(0.5) ? maybeSignal(proc, random) : {};
      describe(withSignal(`to ${total}`, options));
      proc.trackPromise('reshard', () => proc.manager.reshard(total, options));
    },
  },
  send: {
    weight: 3,
    run(proc, random, describe) {
      const count = random.chance(0.8) ? random.int(1, 5) : random.int(50, 150);
      const shardId = random.chance(0.05) ? 99 : someShard(proc, random);
      describe(`${count} frames by shard ${shardId}`);
      for (let n = 0; n < count; n += 1) {
        const options = random.chance(0.1) ? maybeSignal(proc, random) : {};
        proc.trackPromise('send', () => proc.manager.send(shardId, payload(random, n), options));
      }
    },
  },
  broadcast: {
    weight: 2,
    run(proc, random, describe) {
      const count = random.int(1, 3);
      describe(`${count}`);
      for (let n = 0; n < count; n += 1)
        proc.trackPromise('broadcast', () => proc.manager.broadcast(payload(random, n)));
    },
  },
  /** A presence that the gateway refuses, by all shards or by one. */
  refused: {
    weight: 1,
    run(proc, random, describe) {
      const code = random.pick(REFUSAL_CODES);
      const bad = presence(refusedText(code, proc.place.nextId()));
      const shardId = random.chance(0.6) ? null : someShard(proc, random);
      describe(`a presence that ends in ${code}, by ${shardId === null ? 'all shards' : `shard ${shardId}`}`);
      if (shardId === null) proc.trackPromise('broadcast', () => proc.manager.broadcast(bad));
      else proc.trackPromise('send', () => proc.manager.send(shardId, bad));
    },
  },
  members: {
    weight: 1.5,
    run(proc, random, describe) {
      const shard = proc.manager.shards.get(someShard(proc, random));
      describe(shard === undefined ? 'of no shard' : `by shard ${shard.shardId}`);
      const options = { timeoutMs: random.int(1, 40 * SECONDS), ...maybeSignal(proc, random) };
      if (shard !== undefined)
        proc.trackPromise('members', () => shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0 }, options));
    },
  },
  reconnect: {
    weight: 1.5,
    run(proc, random, describe) {
      const shard = proc.manager.shards.get(someShard(proc, random));
      describe(shard === undefined ? 'no shard' : `shard ${shard.shardId}`);
      if (shard !== undefined) proc.trackPromise('reconnect', () => shard.reconnect());
    },
  },
  connectOne: {
    weight: 1,
    run(proc, random, describe) {
      const shard = proc.manager.shards.get(someShard(proc, random));
      const options = maybeSignal(proc, random);
      describe(withSignal(shard === undefined ? 'no shard' : `shard ${shard.shardId}`, options));
      if (shard !== undefined) proc.trackPromise('connect', () => shard.connect(options));
    },
  },
  /** A consumer that is slow, that takes much at once, or that stops. */
  stream: {
    weight: 1.5,
    run(proc, random, describe) {
      // With the default of 64 MiB a run never fills the streams, so its restarts can be checked exactly.
      if (proc.world.setting.maxBufferedBytes === null) return describe('none');
      const plan = {
        highWaterMark: random.chance(0.5) ? random.int(1, 10) : 1024,
        events: random.chance(0.3) ? (['MESSAGE_CREATE', 'READY', 'GUILD_CREATE'] as const) : null,
        workMs: random.chance(0.3) ? 0 : random.magnitude(1, 120 * SECONDS),
        takes: random.chance(0.6) ? 1 : random.int(2, 20),
        maxDispatches: random.chance(0.5) ? Infinity : random.int(1, 50),
        signal: maybeSignal(proc, random).signal,
      };
      describe(`water mark ${plan.highWaterMark}, ${plan.workMs} ms for ${plan.takes}`);
      consume(proc, plan);
    },
  },
  leave: {
    weight: 0.5,
    run(proc, _, describe) {
      describe(`${proc.streamExits.length} streams`);
      proc.streamExits.pop()?.();
    },
  },
  stopOne: {
    weight: 0.7,
    run(proc, random, describe) {
      const shard = proc.manager.shards.get(someShard(proc, random));
      describe(shard === undefined ? 'no shard' : `shard ${shard.shardId}`);
      if (shard !== undefined) proc.trackPromise('disconnect', () => shard.disconnect());
      proc.place.reconnectLater(proc, random.int(0, 60 * SECONDS));
    },
  },
  kill: {
    weight: 1.5,
    run(proc, _, describe) {
      describe('');
      proc.place.end(proc, false);
    },
  },
  restart: {
    weight: 1.5,
    run(proc, _, describe) {
      describe('');
      const end = (): void => proc.place.end(proc, true);
      proc.trackPromise('disconnect', () => proc.manager.disconnect().then(end));
    },
  },
  deploy: { weight: 1.5, run: deploy },
  takeTurns: { weight: 1.5, run: takeTurns },
  onNextEvent: {
    weight: 3,
    run(proc, random, describe) {
      const event = random.pick([
        'stateChange',
        'dispatch',
        'disconnected',
        'fault',
        'ready',
        'resumed',
        'failed',
        'progress',
        'allReady',
        'resharded',
      ] as const);
      const name = random.pick([
        'connect',
        'disconnect',
        'forceClose',
        'reshard',
        'send',
        'broadcast',
        'reconnect',
        'connectOne',
        'stopOne',
        'kill',
      ]);
      describe(`${name} at the next ${event}`);
      proc.listenerHook = { event, run: () => performManagerAction(proc, name, random) };
    },
  },
};

export function performManagerAction(proc: BotProcess, name: string, random: SeededRandom): void {
  if (proc.isOver) return;
  MANAGER_ACTIONS[name]!.run(proc, random, (what, drops) =>
    proc.world.eventLog.record('action', { proc, name, what, ...(drops === true ? { drops } : {}) }),
  );
}
