/** The actions that a user can take on a shard, at any time and in any state. */
import type { SendPayload, Session, ShardEvents } from '../src/index.ts';
import { consume } from './consumer.ts';
import { REFUSAL_CODES, refusedText } from './refusal.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import { deploy, takeTurns } from './second-process.ts';
import type { ShardProcess } from './shard-process.ts';

/** What an action does to the session. */
interface Effect {
  readonly drops?: boolean;
  readonly session?: Session;
}

interface UserAction {
  /** The relative frequency of the action. */
  readonly weight: number;
  /** Describes the action, and then takes it. */
  run(proc: ShardProcess, random: SeededRandom, describe: (what: string, effect?: Effect) => void): void;
}

const SECONDS = 1_000;

const maybeSignal = (proc: ShardProcess, random: SeededRandom): AbortSignal | undefined =>
  random.chance(0.3) ? proc.createSignal(random.chance(0.1) ? -1 : random.int(0, 15 * SECONDS)) : undefined;

const withSignal = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };

const presence = (name: string): SendPayload =>
  ({
    op: 3,
    d: { since: null, activities: [{ name, type: 0 }], status: 'online', afk: false },
  }) as unknown as SendPayload;
const voice = (n: number): SendPayload =>
  ({ op: 4, d: { guild_id: `${n}`, channel_id: null, self_mute: false, self_deaf: false } }) as unknown as SendPayload;

const HOOKED_EVENTS = [
  'stateChange',
  'dispatch',
  'disconnected',
  'fault',
  'hello',
  'ready',
  'resumed',
  'heartbeat',
  'connected',
  'failed',
] as const satisfies (keyof ShardEvents)[];

export const USER_ACTIONS: Readonly<Record<string, UserAction>> = {
  connect: {
    weight: 3,
    run(proc, random, describe) {
      const signal = maybeSignal(proc, random);
      describe(signal === undefined ? '' : 'with a signal');
      proc.trackPromise('connect', () => proc.shard.connect(withSignal(signal)));
    },
  },
  disconnect: {
    weight: 3,
    run(proc, random, describe) {
      const how = random.pick([
        {},
        {},
        { session: 'keep' },
        { session: 'discard' },
        { code: 1000 },
        { code: 1001 },
        { code: 4999, reason: 'é'.repeat(100) },
      ] as const);
      const signal = maybeSignal(proc, random);
      describe(`${JSON.stringify(how).slice(0, 60)}${signal === undefined ? '' : ' with a signal'}`, {
        drops: 'session' in how ? how.session === 'discard' : 'code' in how && how.code < 4000,
      });
      proc.trackPromise('disconnect', () => proc.shard.disconnect({ ...how, ...withSignal(signal) }));
      proc.place.reconnectLater(proc, random.chance(0.5) ? random.int(0, 500) : random.int(0, 60 * SECONDS));
    },
  },
  forceClose: {
    weight: 1,
    run(proc, random, describe) {
      const code = random.pick([undefined, undefined, 1000, 4321, 99]);
      describe(`${code ?? ''}`, { drops: code === 1000 });
      proc.shard.forceClose(code);
      proc.place.reconnectLater(proc, random.int(0, 20 * SECONDS));
    },
  },
  reconnect: {
    weight: 2,
    run(proc, _, describe) {
      describe('');
      proc.trackPromise('reconnect', () => proc.shard.reconnect());
    },
  },
  reinstantiate: {
    weight: 1,
    run(proc, random, describe) {
      const noFail = random.chance(0.5);
      describe(noFail ? 'noFail' : '', { drops: true });
      proc.trackPromise('reinstantiate', () => proc.shard.reinstantiate({ noFail }));
    },
  },
  export: {
    weight: 1,
    run(proc, _, describe) {
      const { session } = proc.shard;
      describe(session === null ? 'none' : `${session.sessionId}:${session.sequence}`);
      if (session !== null) proc.exported.push(session);
    },
  },
  resume: {
    weight: 1.5,
    run(proc, random, describe) {
      const { shardId, world } = proc.place;
      const foreign = {
        sessionId: 'nobody',
        resumeUrl: 'wss://resume-1.sim',
        sequence: 5,
        shardId,
        shardCount: world.setting.shards,
      };
      const current = proc.shard.session ?? foreign;
      const session = random.pick([
        current,
        current,
        proc.exported.at(-1) ?? current,
        foreign,
        { ...current, shardCount: world.setting.shards + 1 },
      ]);
      describe(`${session.sessionId}:${session.sequence} of ${session.shardCount}`, { drops: true, session });
      proc.trackPromise('resume', () => proc.shard.resume(session));
    },
  },
  send: {
    weight: 4,
    run(proc, random, describe) {
      const count = random.chance(0.8) ? random.int(1, 5) : random.int(50, 250);
      const presences = random.chance(0.3);
      describe(`${count} ${presences ? 'presences' : 'frames'}`);
      for (let n = 0; n < count; n += 1) {
        const signal = random.chance(0.1)
          ? proc.createSignal(random.chance(0.2) ? -1 : random.int(0, 60 * SECONDS))
          : undefined;
        const ignoreRateLimit = random.chance(0.05);
        proc.trackPromise('send', () =>
          proc.shard.send(presences ? presence(`game ${n}`) : voice(n), { ignoreRateLimit, ...withSignal(signal) }),
        );
      }
    },
  },
  /** A payload that the gateway refuses, though the library can't know that. */
  refused: {
    weight: 1.5,
    run(proc, random, describe) {
      const code = random.pick(REFUSAL_CODES);
      const text = refusedText(code, proc.place.nextId());
      const isPresence = random.chance(0.7);
      describe(`a ${isPresence ? 'presence' : 'request'} that ends in ${code}`);
      proc.trackPromise('send', () =>
        proc.shard.send(
          isPresence
            ? presence(text)
            : { op: 8, d: { guild_id: '1', query: text, limit: 1, nonce: text.slice(0, 32) } },
        ),
      );
    },
  },
  members: {
    weight: 2,
    run(proc, random, describe) {
      const count = random.int(1, 4);
      describe(`${count}`);
      for (let n = 0; n < count; n += 1) {
        const signal = maybeSignal(proc, random);
        const timeoutMs = random.int(1, 40 * SECONDS);
        proc.trackPromise('members', () =>
          proc.shard.requestGuildMembers(
            { guild_id: `${n}`, query: '', limit: 0 },
            { timeoutMs, ...withSignal(signal) },
          ),
        );
      }
    },
  },
  heartbeat: {
    weight: 1.5,
    run(proc, random, describe) {
      const count = random.chance(0.8) ? 1 : random.int(2, 150);
      describe(`${count}`);
      for (let n = 0; n < count; n += 1) proc.trackPromise('heartbeat', () => proc.shard.heartbeat());
    },
  },
  stream: {
    weight: 1.5,
    run(proc, random, describe) {
      const plan = {
        highWaterMark: random.chance(0.7) ? random.int(1, 10) : 1024,
        events: random.chance(0.3) ? (['MESSAGE_CREATE', 'READY', 'GUILD_UPDATE'] as const) : null,
        workMs: random.chance(0.3) ? 0 : random.magnitude(1, 120 * SECONDS),
        maxDispatches: random.chance(0.5) ? Infinity : random.int(1, 50),
        signal: maybeSignal(proc, random),
      };
      describe(`water mark ${plan.highWaterMark}, ${plan.workMs} ms each, ${plan.events === null ? 'all' : 'some'}`);
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
  restart: {
    weight: 1,
    run(proc, random, describe) {
      const session = random.chance(0.3) ? proc.shard.session : null;
      describe(session === null ? '' : `with ${session.sessionId}:${session.sequence}`);
      proc.listenerHook = null;
      proc.shard.forceClose();
      const { place } = proc;
      place.restart(session);
      const next = place.proc;
      proc.world.clock.scheduleInProcess(
        () => {
          if (place.proc === next) place.connect();
        },
        random.int(0, 5 * SECONDS),
      );
    },
  },
  deploy: { weight: 1, run: deploy },
  takeTurns: { weight: 1, run: takeTurns },
  onNextEvent: {
    weight: 3,
    run(proc, random, describe) {
      const event = random.pick(HOOKED_EVENTS);
      const name = random.pick([
        'connect',
        'disconnect',
        'forceClose',
        'reconnect',
        'reinstantiate',
        'resume',
        'send',
        'heartbeat',
        'export',
        'leave',
        'members',
      ]);
      describe(`${name} at the next ${event}`);
      proc.listenerHook = { event, run: () => performAction(proc, name, random) };
    },
  },
};

export function performAction(proc: ShardProcess, name: string, random: SeededRandom): void {
  USER_ACTIONS[name]!.run(proc, random, (what, effect = {}) =>
    proc.world.eventLog.record('action', { proc, name, what, ...effect }),
  );
}
