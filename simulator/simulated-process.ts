/** What a user holds in one process, whatever runs in it: promises, signals, sockets, and what he does in listeners. */
import type { Session } from '../src/index.ts';
import type { SimSocket } from './sim-socket.ts';
import type { World } from './world.ts';

export const TOKEN = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';

/** Where processes follow each other; what it has outlives them. */
export interface ProcessPlace {
  /** For people. */
  readonly name: string;
  readonly processes: readonly SimulatedProcess[];
  /** What the store has, by shard. */
  readonly stored: Map<number, Session>;
  nextId(): number;
}

/** A deed that waits for its moment: it is done within the listener. */
export interface ListenerHook {
  readonly event: string;
  readonly run: () => void;
}

export abstract class SimulatedProcess {
  readonly world: World;
  readonly number: number;
  readonly signals: AbortSignal[] = [];
  readonly streamExits: (() => void)[] = [];
  readonly sockets: SimSocket[] = [];
  isOver = false;
  listenerHook: ListenerHook | null = null;
  abstract readonly place: ProcessPlace;

  constructor(world: World, number: number) {
    this.world = world;
    this.number = number;
  }

  /** Keeps book of a promise the user was given. */
  trackPromise(name: string, call: () => Promise<unknown>): void {
    const { eventLog } = this.world;
    const id = this.place.nextId();
    eventLog.record('promise.made', { proc: this, id, name });
    const settle = (error: unknown): void => eventLog.record('promise.settled', { proc: this, id, error });
    try {
      call().then(() => settle(null), settle);
    } catch (error) {
      eventLog.record('uncaught', { error });
    }
  }

  createSignal(afterMs: number): AbortSignal {
    const controller = new AbortController();
    this.signals.push(controller.signal);
    const abort = (): void => {
      this.world.eventLog.record('signal.aborted', { signal: controller.signal });
      controller.abort(new Error('changed my mind'));
    };
    if (afterMs < 0) abort();
    else this.world.clock.scheduleInProcess(abort, afterMs);
    return controller.signal;
  }

  /** What a listener of the user does. */
  protected runListener(name: string): unknown {
    const { listenerHook } = this;
    if (listenerHook !== null && listenerHook.event === name) {
      this.listenerHook = null;
      listenerHook.run();
    }
    const throws = this.world.conditions.get('listenersThrow');
    if (throws === undefined) return undefined;
    const error = new Error('a listener of the user');
    if (throws === 'now') throw error;
    return Promise.reject(error);
  }
}
