/**
 * The time of one process of several on a virtual clock. While the process is frozen none of its callbacks run. When it
 * wakes, overdue timers run first, then what has arrived on its sockets, as in Node.
 */
import type { MemorySocket } from './memory-gateway.ts';
import type { VirtualClock } from '../../src/testing/virtual-clock.ts';

export class ProcessClock {
  readonly #world: VirtualClock;
  #isFrozen = false;
  readonly #timers = new Map<object, () => void>();
  #arrived: (() => void)[] = [];

  constructor(world: VirtualClock) {
    this.#world = world;
  }

  now(): number {
    return this.#world.now();
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer = { handle: null as unknown };
    timer.handle = this.#world.setTimeout(() => {
      if (this.#isFrozen) this.#timers.set(timer, callback);
      else callback();
    }, delayMs);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    if (typeof timer !== 'object' || timer === null) return;
    this.#timers.delete(timer);
    this.#world.clearTimeout((timer as { handle: unknown }).handle);
  }

  /** Lets what happens on a socket wait while the process is frozen. */
  guard(socket: MemorySocket): MemorySocket {
    const on = socket.on.bind(socket);
    return Object.assign(socket, {
      on: (event: string, listener: (...args: never[]) => void): MemorySocket =>
        on(event, (...args: never[]) => this.#run(() => listener(...args))),
    });
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  wake(): void {
    this.#isFrozen = false;
    for (const [timer, callback] of this.#timers) if (this.#timers.delete(timer)) callback();
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const callback of arrived) callback();
  }

  #run(callback: () => void): void {
    if (this.#isFrozen) this.#arrived.push(callback);
    else callback();
  }
}
