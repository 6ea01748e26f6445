/** What a user holds in one process, whatever runs in it: promises, signals, sockets, and what he does in listeners. */
import type { Session } from '../../src/index.ts';
import type { SimSocket } from './sim-socket.ts';
import type { World } from './world.ts';

export const TOKEN = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';

/** Where processes follow each other; what it has outlives them. */
export interface Place {
  /** For people. */
  readonly name: string;
  readonly lives: readonly User[];
  /** What the store has, by shard. */
  readonly stored: Map<number, Session>;
  nextId(): number;
}

/** A deed that waits for its moment: it is done within the listener. */
export interface Ambush {
  readonly event: string;
  readonly act: () => void;
}

export abstract class User {
  readonly world: World;
  readonly number: number;
  readonly signals: AbortSignal[] = [];
  readonly leaves: (() => void)[] = [];
  readonly sockets: SimSocket[] = [];
  isOver = false;
  ambush: Ambush | null = null;
  abstract readonly slot: Place;

  constructor(world: World, number: number) {
    this.world = world;
    this.number = number;
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

  /** What a listener of the user does. */
  protected listen(name: string): unknown {
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
