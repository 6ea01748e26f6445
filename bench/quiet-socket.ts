/** A socket in memory that sends nothing, for benches that measure the library alone. */
import type { IdentifyGate } from '../src/index.ts';

type Listener = (...args: never[]) => void;

export class QuietSocket {
  readyState = 0;
  readonly #listeners = new Map<string, Listener>();
  readonly #onSend: (text: string, socket: QuietSocket) => void;

  constructor(onSend: (text: string, socket: QuietSocket) => void = () => undefined) {
    this.#onSend = onSend;
  }

  on(name: string, listener: Listener): this {
    this.#listeners.set(name, listener);
    return this;
  }

  emit(name: string, ...args: unknown[]): void {
    (this.#listeners.get(name) as ((...all: unknown[]) => void) | undefined)?.(...args);
  }

  open(): void {
    this.readyState = 1;
    this.emit('open');
  }

  send(text: string): void {
    this.#onSend(text, this);
  }

  pause(): void {}
  resume(): void {}

  close(code = 1005): void {
    this.readyState = 3;
    this.emit('close', code, Buffer.alloc(0));
  }

  terminate(): void {
    this.close(1006);
  }
}

/** Lets every shard identify at once. */
export const openGate: IdentifyGate = {
  acquire: () => Promise.resolve({ sent: () => undefined, release: () => undefined }),
};
