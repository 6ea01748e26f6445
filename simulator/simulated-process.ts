/** What every simulated process has: promises, abort signals, sockets, and actions of the user in listeners. */
import type { Dispatch, DispatchStreamOptions, Session } from '../src/index.ts';
import type { SimSocket } from './sim-socket.ts';
import type { World } from './world.ts';

export const TOKEN = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';

/** How long two processes overlap when all faults have ended, so that the bot recovers in time. */
export const MAX_HEALED_OVERLAP_MS = 1_000;

/** A place for processes that run one after the other. Its store outlives them. */
export interface ProcessPlace {
  /** The name in the trace. */
  readonly name: string;
  readonly processes: readonly SimulatedProcess[];
  /** The stored sessions, by shard id. */
  readonly stored: Map<number, Session>;
  /** Which process has claimed each shard's session, and with which fence; kept after its release. */
  readonly owners: Map<number, SessionOwner>;
  nextId(): number;
}

export interface SessionOwner {
  /** `null` after the release. */
  readonly proc: SimulatedProcess | null;
  readonly fence: number;
}

/** An action that the user takes within a listener, at the next event of this name. */
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
  /** Consumers that work on a dispatch, or make a pause. */
  busyConsumers = 0;
  abstract readonly place: ProcessPlace;

  constructor(world: World, number: number) {
    this.world = world;
    this.number = number;
  }

  abstract dispatches(options: DispatchStreamOptions): AsyncIterableIterator<Dispatch, undefined>;

  /** Records a promise that a method returns, and its outcome. */
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

  /** Runs the user's listener: it may take an action, and it may throw. */
  protected runListener(name: string): unknown {
    if (this.isOver) return undefined;
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
