/** What a user does to a shard, at any moment and in any state. */
import type { SendPayload, Session, ShardEvents } from '../../src/index.ts';
import { consume } from './consumer.ts';
import type { Dice } from './dice.ts';
import type { Life } from './life.ts';

/** What it means for the session. */
interface Effect {
  readonly drops?: boolean;
  readonly session?: Session;
}

interface Deed {
  /** How often, relative to the others. */
  readonly weight: number;
  /** Does it, having said what exactly. */
  act(life: Life, dice: Dice, say: (what: string, effect?: Effect) => void): void;
}

const SECONDS = 1_000;

const mutable = (life: Life, dice: Dice): AbortSignal | undefined =>
  dice.chance(0.3) ? life.signal(dice.chance(0.1) ? -1 : dice.int(0, 15 * SECONDS)) : undefined;

const withSignal = (signal: AbortSignal | undefined): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });

const presence = (n: number): SendPayload =>
  ({ op: 3, d: { since: null, activities: [{ name: `game ${n}`, type: 0 }], status: 'online', afk: false } }) as unknown as SendPayload;
const voice = (n: number): SendPayload =>
  ({ op: 4, d: { guild_id: `${n}`, channel_id: null, self_mute: false, self_deaf: false } }) as unknown as SendPayload;

const AMBUSHED = ['stateChange', 'dispatch', 'disconnected', 'fault', 'hello', 'ready', 'resumed', 'heartbeat', 'connected', 'failed'] as const satisfies (keyof ShardEvents)[];

export const DEEDS: Readonly<Record<string, Deed>> = {
  connect: {
    weight: 3,
    act(life, dice, say) {
      const signal = mutable(life, dice);
      say(signal === undefined ? '' : 'with a signal');
      life.hold('connect', () => life.shard.connect(withSignal(signal)));
    },
  },
  disconnect: {
    weight: 3,
    act(life, dice, say) {
      const how = dice.pick([{}, {}, { session: 'keep' }, { session: 'discard' }, { code: 1000 }, { code: 1001 }, { code: 4999, reason: 'x'.repeat(200) }] as const);
      const signal = mutable(life, dice);
      say(`${JSON.stringify(how).slice(0, 60)}${signal === undefined ? '' : ' with a signal'}`, { drops: 'session' in how ? how.session === 'discard' : 'code' in how && how.code < 4000 });
      life.hold('disconnect', () => life.shard.disconnect({ ...how, ...withSignal(signal) }));
      life.slot.comeBack(life, dice.chance(0.5) ? dice.int(0, 500) : dice.int(0, 60 * SECONDS));
    },
  },
  forceClose: {
    weight: 1,
    act(life, dice, say) {
      const code = dice.pick([undefined, undefined, 1000, 4321, 99]);
      say(`${code ?? ''}`, { drops: code === 1000 });
      life.shard.forceClose(code);
      life.slot.comeBack(life, dice.int(0, 20 * SECONDS));
    },
  },
  reconnect: {
    weight: 2,
    act(life, _, say) {
      say('');
      life.hold('reconnect', () => life.shard.reconnect());
    },
  },
  reinstantiate: {
    weight: 1,
    act(life, dice, say) {
      const noFail = dice.chance(0.5);
      say(noFail ? 'noFail' : '', { drops: true });
      life.hold('reinstantiate', () => life.shard.reinstantiate({ noFail }));
    },
  },
  export: {
    weight: 1,
    act(life, _, say) {
      const { session } = life.shard;
      say(session === null ? 'none' : `${session.sessionId}:${session.sequence}`);
      if (session !== null) life.exported.push(session);
    },
  },
  resume: {
    weight: 1.5,
    act(life, dice, say) {
      const { shardId, world } = life.slot;
      const foreign = { sessionId: 'nobody', resumeUrl: 'wss://resume-1.sim', sequence: 5, shardId, shardCount: world.setting.shards };
      const current = life.shard.session ?? foreign;
      const session = dice.pick([current, current, life.exported.at(-1) ?? current, foreign, { ...current, shardCount: world.setting.shards + 1 }]);
      say(`${session.sessionId}:${session.sequence} of ${session.shardCount}`, { drops: true, session });
      life.hold('resume', () => life.shard.resume(session));
    },
  },
  send: {
    weight: 4,
    act(life, dice, say) {
      const count = dice.chance(0.8) ? dice.int(1, 5) : dice.int(50, 250);
      const presences = dice.chance(0.3);
      say(`${count} ${presences ? 'presences' : 'frames'}`);
      for (let n = 0; n < count; n += 1) {
        const signal = dice.chance(0.1) ? life.signal(dice.chance(0.2) ? -1 : dice.int(0, 60 * SECONDS)) : undefined;
        const ignoreRateLimit = dice.chance(0.05);
        life.hold('send', () => life.shard.send(presences ? presence(n) : voice(n), { ignoreRateLimit, ...withSignal(signal) }));
      }
    },
  },
  members: {
    weight: 2,
    act(life, dice, say) {
      const count = dice.int(1, 4);
      say(`${count}`);
      for (let n = 0; n < count; n += 1) {
        const signal = mutable(life, dice);
        const timeoutMs = dice.int(1, 40 * SECONDS);
        life.hold('members', () => life.shard.requestGuildMembers({ guild_id: `${n}`, query: '', limit: 0 }, { timeoutMs, ...withSignal(signal) }));
      }
    },
  },
  heartbeat: {
    weight: 1.5,
    act(life, dice, say) {
      const count = dice.chance(0.8) ? 1 : dice.int(2, 150);
      say(`${count}`);
      for (let n = 0; n < count; n += 1) life.hold('heartbeat', () => life.shard.heartbeat());
    },
  },
  stream: {
    weight: 1.5,
    act(life, dice, say) {
      const plan = {
        highWaterMark: dice.chance(0.7) ? dice.int(1, 10) : 1024,
        events: dice.chance(0.3) ? (['MESSAGE_CREATE', 'READY', 'GUILD_UPDATE'] as const) : null,
        eachMs: dice.chance(0.3) ? 0 : dice.magnitude(1, 120 * SECONDS),
        most: dice.chance(0.5) ? Infinity : dice.int(1, 50),
        signal: mutable(life, dice),
      };
      say(`water mark ${plan.highWaterMark}, ${plan.eachMs} ms each, ${plan.events === null ? 'all' : 'some'}`);
      consume(life, plan);
    },
  },
  leave: {
    weight: 0.5,
    act(life, _, say) {
      say(`${life.leaves.length} streams`);
      life.leaves.pop()?.();
    },
  },
  restart: {
    weight: 1,
    act(life, dice, say) {
      const session = dice.chance(0.3) ? life.shard.session : null;
      say(session === null ? '' : `with ${session.sessionId}:${session.sequence}`);
      life.ambush = null;
      life.shard.forceClose();
      life.slot.restart(session);
      const { slot } = life;
      life.world.clock.later(() => {
        if (slot.life.number === life.number + 1) slot.connect();
      }, dice.int(0, 5 * SECONDS));
    },
  },
  ambush: {
    weight: 3,
    act(life, dice, say) {
      const event = dice.pick(AMBUSHED);
      const name = dice.pick(['connect', 'disconnect', 'forceClose', 'reconnect', 'reinstantiate', 'resume', 'send', 'heartbeat', 'export', 'leave', 'members']);
      say(`${name} at the next ${event}`);
      life.ambush = { event, act: () => perform(life, name, dice) };
    },
  },
};

export function perform(life: Life, name: string, dice: Dice): void {
  DEEDS[name]!.act(life, dice, (what, effect = {}) => life.world.chronicle.tell('deed', { life, name, what, ...effect }));
}
