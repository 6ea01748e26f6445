/** One Shard in one process, and the listeners of its user. */
import { Shard } from '../../src/index.ts';
import type { Dispatch, Session, ShardEvents } from '../../src/index.ts';
import type { Slot } from './slot.ts';
import { SimStore } from './store.ts';
import { stream } from './dice.ts';
import { MAIN_URL } from './setting.ts';
import { TOKEN, User } from './user.ts';
import type { World } from './world.ts';

const EVENTS = [
  'stateChange', 'connected', 'hello', 'ready', 'resumed', 'reconnected', 'disconnected', 'heartbeat', 'rateLimited',
  'throttled', 'lagged', 'fault', 'failed',
] as const satisfies (keyof ShardEvents)[];

export class Life extends User {
  readonly slot: Slot;
  readonly shard: Shard;
  /** Sessions as the user has taken them down. */
  readonly exported: Session[] = [];

  /** @param session - handed over by the life before */
  constructor(world: World, slot: Slot, number: number, session: Session | null) {
    super(world, number);
    const { setting } = world;
    this.slot = slot;
    this.shard = new Shard({
      token: TOKEN,
      intents: ['Guilds'],
      shardId: slot.shardId,
      shardCount: setting.shards,
      url: MAIN_URL,
      compression: setting.compression,
      shouldReconnect: setting.shouldReconnect,
      session,
      sessionStore: new SimStore(this),
      identifyGate: world.gate,
      timing: { maxDispatchSilenceMs: setting.maxDispatchSilenceMs },
      createSocket: (url) => world.createSocket(this, url, slot.shardId),
      clock: world.clock,
      random: stream(setting.seed, `shard ${slot.shardId} life ${number}`).next,
    });
    for (const name of EVENTS) this.shard.on(name, (...args: unknown[]) => this.#told(name, args));
    this.shard.on('dispatch', (dispatch) => this.#dispatched(dispatch));
    this.shard.onDispatch('MESSAGE_CREATE', (_, dispatch) => world.chronicle.tell('typed', { life: this, dispatch }));
  }

  #told(name: keyof ShardEvents, args: unknown[]): unknown {
    this.world.chronicle.tell('told', { life: this, name, args });
    this.slot.react(this, name, args[0]);
    return this.listen(name);
  }

  #dispatched(dispatch: Dispatch): unknown {
    this.world.chronicle.tell('dispatched', { life: this, dispatch });
    return this.listen('dispatch');
  }
}
