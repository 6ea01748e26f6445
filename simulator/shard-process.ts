/** One process with one `Shard`, and the listeners of its user. */
import { Shard } from '../src/index.ts';
import type { Dispatch, DispatchStreamOptions, Session, ShardEvents } from '../src/index.ts';
import type { ShardPlace } from './shard-place.ts';
import { SimStore } from './store.ts';
import { randomFor } from '../src/testing/seeded-random.ts';
import { MAIN_URL } from './setting.ts';
import { FORWARDED_EVENTS } from '../src/manager/manager-events.ts';
import { TOKEN, SimulatedProcess } from './simulated-process.ts';
import type { World } from './world.ts';

export class ShardProcess extends SimulatedProcess {
  readonly place: ShardPlace;
  readonly shard: Shard;
  /** Sessions that the user has copied. */
  readonly exported: Session[] = [];

  /** @param session - from the process before; `null` without one */
  constructor(world: World, place: ShardPlace, number: number, session: Session | null) {
    super(world, number);
    const { setting } = world;
    this.place = place;
    this.shard = new Shard({
      token: TOKEN,
      intents: ['Guilds'],
      shardId: place.shardId,
      shardCount: setting.shards,
      url: MAIN_URL,
      compression: setting.compression,
      shouldReconnect: setting.shouldReconnect,
      session,
      sessionStore: new SimStore(this),
      identifyGate: world.gate,
      timing: { maxDispatchSilenceMs: setting.maxDispatchSilenceMs },
      ...(setting.maxBufferedBytes === null ? {} : { maxBufferedBytes: setting.maxBufferedBytes }),
      createSocket: (url) => world.createSocket(this, url, place.shardId),
      clock: world.libraryClock,
      random: randomFor(setting.seed, `shard ${place.shardId} life ${number}`).next,
    });
    for (const name of FORWARDED_EVENTS) this.shard.on(name, (...args: unknown[]) => this.#onEvent(name, args));
    this.shard.on('dispatch', (dispatch) => this.#onDispatch(dispatch));
    this.shard.onDispatch('MESSAGE_CREATE', (_, dispatch) => world.eventLog.record('typed', { proc: this, dispatch }));
  }

  override dispatches(options: DispatchStreamOptions): AsyncIterableIterator<Dispatch, undefined> {
    return this.shard.dispatches(options);
  }

  #onEvent(name: keyof ShardEvents, args: unknown[]): unknown {
    this.world.eventLog.record('emitted', { proc: this, name, args });
    this.place.onEvent(this, name, args[0]);
    return this.runListener(name);
  }

  #onDispatch(dispatch: Dispatch): unknown {
    this.world.eventLog.record('dispatched', { proc: this, dispatch });
    return this.runListener('dispatch');
  }
}
