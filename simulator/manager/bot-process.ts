/** One process with one `ShardManager`, and the listeners of its user. */
import { managerState } from '../../machines/index.ts';
import type { ManagerState } from '../../machines/index.ts';
import { ShardManager } from '../../src/index.ts';
import type { Dispatch, DispatchStreamOptions, ManagerEvents } from '../../src/index.ts';
import { randomFor } from '../../src/testing/seeded-random.ts';
import { SimStore } from '../store.ts';
import { FORWARDED_EVENTS } from '../../src/manager/manager-events.ts';
import { TOKEN, SimulatedProcess } from '../simulated-process.ts';
import type { World } from '../world.ts';
import type { BotPlace } from './bot-place.ts';

const EVENTS = [...FORWARDED_EVENTS, 'progress', 'allReady', 'resharded'] as const satisfies (keyof ManagerEvents)[];

export class BotProcess extends SimulatedProcess {
  readonly place: BotPlace;
  readonly manager: ShardManager;
  /** Whether it stops because a newer process replaces it. */
  isLeaving = false;
  #state: ManagerState = 'stopped';

  constructor(world: World, bot: BotPlace, number: number) {
    super(world, number);
    const { setting } = world;
    this.place = bot;
    this.manager = new ShardManager({
      token: TOKEN,
      intents: ['Guilds', 'GuildMessages'],
      shards: setting.manager?.shards ?? 'auto',
      sessionStartReserve: setting.manager?.reserve ?? 0,
      api: 'https://api.sim/v10',
      fetch: (_, init) => world.api.request(this, init?.signal),
      compression: setting.compression,
      sessionStore: new SimStore(this),
      ...(setting.maxBufferedBytes === null ? {} : { maxBufferedBytes: setting.maxBufferedBytes }),
      createSocket: (url) => world.createSocket(this, url, null),
      clock: world.libraryClock,
      random: randomFor(setting.seed, `manager ${number}`).next,
    });
    for (const name of EVENTS) this.manager.on(name, (...args: readonly unknown[]) => this.#onEvent(name, args));
    this.manager.on('dispatch', (dispatch, shardId) => this.#onDispatch(dispatch, shardId));
    this.manager.actor.subscribe(({ value }) => this.#onStateChange(managerState(value)));
  }

  override dispatches(options: DispatchStreamOptions): AsyncIterableIterator<Dispatch, undefined> {
    return this.manager.dispatches(options);
  }

  #onEvent(name: keyof ManagerEvents, args: readonly unknown[]): unknown {
    if (this.isOver) return undefined;
    this.world.eventLog.record('bot.emitted', { proc: this, name, args });
    if (name === 'failed') this.place.onFailed(this);
    return this.runListener(name);
  }

  #onDispatch(dispatch: Dispatch, shardId: number): unknown {
    if (this.isOver) return undefined;
    this.world.eventLog.record('bot.dispatched', { proc: this, dispatch, shardId });
    return this.runListener('dispatch');
  }

  #onStateChange(to: ManagerState): void {
    const from = this.#state;
    this.#state = to;
    if (from !== to && !this.isOver) this.world.eventLog.record('bot.state', { proc: this, from, to });
  }
}
