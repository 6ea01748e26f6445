/** One Shard in one process, with everything its user holds of it: listeners, promises, streams, signals. */
import { Shard } from '../../src/index.ts';
import type { Dispatch, Session, ShardEvents } from '../../src/index.ts';
import type { SimSocket } from './sim-socket.ts';
import type { Slot } from './slot.ts';
import { SimStore } from './store.ts';
import { stream } from './dice.ts';
import { MAIN_URL } from './setting.ts';
import type { World } from './world.ts';

export const TOKEN = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';

const EVENTS = [
  'stateChange', 'connected', 'hello', 'ready', 'resumed', 'reconnected', 'disconnected', 'heartbeat', 'rateLimited',
  'throttled', 'lagged', 'fault', 'failed',
] as const satisfies (keyof ShardEvents)[];

/** A deed that waits for its moment: it is done within the listener. */
export interface Ambush {
  readonly event: keyof ShardEvents;
  readonly act: () => void;
}

export class Life {
  readonly world: World;
  readonly slot: Slot;
  readonly number: number;
  readonly shard: Shard;
  readonly signals: AbortSignal[] = [];
  /** Sessions as the user has taken them down. */
  readonly exported: Session[] = [];
  readonly leaves: (() => void)[] = [];
  readonly sockets: SimSocket[] = [];
  isOver = false;
  ambush: Ambush | null = null;

  /** @param session - handed over by the life before */
  constructor(world: World, slot: Slot, number: number, session: Session | null) {
    const { setting } = world;
    this.world = world;
    this.slot = slot;
    this.number = number;
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
      createSocket: (url) => world.createSocket(this, url),
      clock: world.clock,
      random: stream(setting.seed, `shard ${slot.shardId} life ${number}`).next,
    });
    for (const name of EVENTS) this.shard.on(name, (...args: unknown[]) => this.#told(name, args));
    this.shard.on('dispatch', (dispatch) => this.#dispatched(dispatch));
    this.shard.onDispatch('MESSAGE_CREATE', (_, dispatch) => world.chronicle.tell('typed', { life: this, dispatch }));
  }

  /** Keeps book of a promise the user was given. */
  hold(name: string, call: () => Promise<unknown>): void {
    const { chronicle } = this.world;
    const id = this.slot.nextId();
    chronicle.tell('promise.made', { life: this, id, name });
    const settle = (error: unknown): void => chronicle.tell('promise.settled', { life: this, id, error });
    try {
      call().then(() => settle(null), settle);
    } catch (error) {
      chronicle.tell('uncaught', { error });
    }
  }

  signal(afterMs: number): AbortSignal {
    const controller = new AbortController();
    this.signals.push(controller.signal);
    const abort = (): void => {
      this.world.chronicle.tell('signal.aborted', { signal: controller.signal });
      controller.abort(new Error('changed my mind'));
    };
    if (afterMs < 0) abort();
    else this.world.clock.later(abort, afterMs);
    return controller.signal;
  }

  #told(name: keyof ShardEvents, args: unknown[]): unknown {
    this.world.chronicle.tell('told', { life: this, name, args });
    this.slot.react(this, name, args[0]);
    return this.#listen(name);
  }

  #dispatched(dispatch: Dispatch): unknown {
    this.world.chronicle.tell('dispatched', { life: this, dispatch });
    return this.#listen('dispatch');
  }

  /** What a listener of the user does. */
  #listen(name: keyof ShardEvents): unknown {
    const { ambush } = this;
    if (ambush !== null && ambush.event === name) {
      this.ambush = null;
      ambush.act();
    }
    const throws = this.world.weather.get('listenersThrow');
    if (throws === undefined) return undefined;
    const error = new Error('a listener of the user');
    if (throws === 'now') throw error;
    return Promise.reject(error);
  }
}
