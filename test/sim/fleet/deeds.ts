/** What a user does to a manager, at any moment and in any state. */
import type { SendPayload } from '../../../src/index.ts';
import type { Dice } from '../dice.ts';
import type { BotLife } from './bot-life.ts';

interface Deed {
  readonly weight: number;
  /** Does it, having said what exactly; `drops`: the sessions are given up. */
  act(life: BotLife, dice: Dice, say: (what: string, drops?: boolean) => void): void;
}

const SECONDS = 1_000;
export const MOST_SHARDS = 8;

const maybeSignal = (life: BotLife, dice: Dice): { signal?: AbortSignal } =>
  dice.chance(0.25) ? { signal: life.signal(dice.chance(0.1) ? -1 : dice.int(0, 30 * SECONDS)) } : {};

const withSignal = (what: string, { signal }: { signal?: AbortSignal }): string => (signal === undefined ? what : `${what} with a signal`);

const payload = (dice: Dice, n: number): SendPayload =>
  (dice.chance(0.3)
    ? { op: 3, d: { since: null, activities: [{ name: `game ${n}`, type: 0 }], status: 'online', afk: false } }
    : { op: 4, d: { guild_id: `${n}`, channel_id: null, self_mute: false, self_deaf: false } }) as unknown as SendPayload;

const someShard = (life: BotLife, dice: Dice): number => dice.int(0, Math.max(0, (life.manager.total ?? 1) - 1));

export const FLEET_DEEDS: Readonly<Record<string, Deed>> = {
  connect: {
    weight: 3,
    act(life, dice, say) {
      const options = maybeSignal(life, dice);
      say(withSignal('', options));
      life.hold('connect', () => life.manager.connect(options));
    },
  },
  disconnect: {
    weight: 2,
    act(life, dice, say) {
      const how = dice.pick([{}, {}, {}, { session: 'keep' }, { session: 'discard' }, { code: 1000 }, { code: 4999 }] as const);
      const options = maybeSignal(life, dice);
      say(withSignal(JSON.stringify(how), options), 'session' in how ? how.session === 'discard' : 'code' in how && how.code < 4000);
      life.hold('disconnect', () => life.manager.disconnect({ ...how, ...options }));
      life.slot.comeBack(life, dice.chance(0.5) ? dice.int(0, 500) : dice.int(0, 60 * SECONDS));
    },
  },
  forceClose: {
    weight: 1,
    act(life, dice, say) {
      const code = dice.pick([undefined, undefined, 1000, 4321]);
      say(`${code ?? ''}`, code === 1000);
      life.manager.forceClose(code);
      life.slot.comeBack(life, dice.int(0, 20 * SECONDS));
    },
  },
  reshard: {
    weight: 6,
    act(life, dice, say) {
      const total = dice.int(1, MOST_SHARDS);
      const options = dice.chance(0.5) ? maybeSignal(life, dice) : {};
      say(withSignal(`to ${total}`, options));
      life.hold('reshard', () => life.manager.reshard(total, options));
    },
  },
  send: {
    weight: 3,
    act(life, dice, say) {
      const count = dice.chance(0.8) ? dice.int(1, 5) : dice.int(50, 150);
      const shardId = dice.chance(0.05) ? 99 : someShard(life, dice);
      say(`${count} frames by shard ${shardId}`);
      for (let n = 0; n < count; n += 1) {
        const options = dice.chance(0.1) ? maybeSignal(life, dice) : {};
        life.hold('send', () => life.manager.send(shardId, payload(dice, n), options));
      }
    },
  },
  broadcast: {
    weight: 2,
    act(life, dice, say) {
      const count = dice.int(1, 3);
      say(`${count}`);
      for (let n = 0; n < count; n += 1) life.hold('broadcast', () => life.manager.broadcast(payload(dice, n)));
    },
  },
  members: {
    weight: 1.5,
    act(life, dice, say) {
      const shard = life.manager.shards.get(someShard(life, dice));
      say(shard === undefined ? 'of no shard' : `by shard ${shard.shardId}`);
      const options = { timeoutMs: dice.int(1, 40 * SECONDS), ...maybeSignal(life, dice) };
      if (shard !== undefined) life.hold('members', () => shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0 }, options));
    },
  },
  reconnect: {
    weight: 1.5,
    act(life, dice, say) {
      const shard = life.manager.shards.get(someShard(life, dice));
      say(shard === undefined ? 'no shard' : `shard ${shard.shardId}`);
      if (shard !== undefined) life.hold('reconnect', () => shard.reconnect());
    },
  },
  stopOne: {
    weight: 0.7,
    act(life, dice, say) {
      const shard = life.manager.shards.get(someShard(life, dice));
      say(shard === undefined ? 'no shard' : `shard ${shard.shardId}`);
      if (shard !== undefined) life.hold('disconnect', () => shard.disconnect());
      life.slot.comeBack(life, dice.int(0, 60 * SECONDS));
    },
  },
  kill: {
    weight: 1.5,
    act(life, _, say) {
      say('');
      life.slot.end(life, false);
    },
  },
  restart: {
    weight: 1.5,
    act(life, _, say) {
      say('');
      const end = (): void => life.slot.end(life, true);
      life.hold('disconnect', () => life.manager.disconnect().then(end));
    },
  },
  ambush: {
    weight: 3,
    act(life, dice, say) {
      const event = dice.pick(['stateChange', 'dispatch', 'disconnected', 'fault', 'ready', 'resumed', 'failed', 'progress', 'allReady', 'resharded'] as const);
      const name = dice.pick(['connect', 'disconnect', 'forceClose', 'reshard', 'send', 'broadcast', 'reconnect', 'stopOne', 'kill']);
      say(`${name} at the next ${event}`);
      life.ambush = { event, act: () => performFleet(life, name, dice) };
    },
  },
};

export function performFleet(life: BotLife, name: string, dice: Dice): void {
  if (life.isOver) return;
  FLEET_DEEDS[name]!.act(life, dice, (what, drops) => life.world.chronicle.tell('deed', { life, name, what, ...(drops === true ? { drops } : {}) }));
}
