/** One ShardManager in one process, and the listeners of its user. */
import { managerState } from '../../../machines/index.ts';
import type { ManagerState } from '../../../machines/index.ts';
import { ShardManager } from '../../../src/index.ts';
import type { Dispatch, ManagerEvents } from '../../../src/index.ts';
import { stream } from '../dice.ts';
import { SimStore } from '../store.ts';
import { TOKEN, User } from '../user.ts';
import type { World } from '../world.ts';
import type { Bot } from './bot.ts';

const EVENTS = [
  'stateChange', 'connected', 'hello', 'ready', 'resumed', 'reconnected', 'disconnected', 'heartbeat', 'rateLimited',
  'throttled', 'lagged', 'fault', 'failed', 'progress', 'allReady', 'resharded',
] as const satisfies (keyof ManagerEvents)[];

export class BotLife extends User {
  readonly slot: Bot;
  readonly manager: ShardManager;
  #state: ManagerState = 'stopped';

  constructor(world: World, bot: Bot, number: number) {
    super(world, number);
    const { setting } = world;
    this.slot = bot;
    this.manager = new ShardManager({
      token: TOKEN,
      intents: ['Guilds', 'GuildMessages'],
      shards: setting.fleet?.shards ?? 'auto',
      sessionStartReserve: setting.fleet?.reserve ?? 0,
      api: 'https://api.sim/v10',
      fetch: (_, init) => world.api.ask(this, init?.signal),
      compression: setting.compression,
      sessionStore: new SimStore(this),
      createSocket: (url) => world.createSocket(this, url, null),
      clock: world.clock,
      random: stream(setting.seed, `manager ${number}`).next,
    });
    for (const name of EVENTS) this.manager.on(name, (...args: readonly unknown[]) => this.#told(name, args));
    this.manager.on('dispatch', (dispatch, shardId) => this.#dispatched(dispatch, shardId));
    this.manager.actor.subscribe(({ value }) => this.#follow(managerState(value)));
  }

  #told(name: keyof ManagerEvents, args: readonly unknown[]): unknown {
    if (this.isOver) return undefined;
    this.world.chronicle.tell('bot.told', { life: this, name, args });
    if (name === 'failed') this.slot.react(this);
    return this.listen(name);
  }

  #dispatched(dispatch: Dispatch, shardId: number): unknown {
    if (this.isOver) return undefined;
    this.world.chronicle.tell('bot.dispatched', { life: this, dispatch, shardId });
    return this.listen('dispatch');
  }

  #follow(to: ManagerState): void {
    const from = this.#state;
    this.#state = to;
    if (from !== to && !this.isOver) this.world.chronicle.tell('bot.state', { life: this, from, to });
  }
}
