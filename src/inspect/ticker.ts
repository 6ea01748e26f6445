/**
 * Calls back at a steady pace, but only while there is somebody to show something to, and without keeping the process
 * alive. It is paced by real time whatever clock the shards have: people watch in real time.
 */
export class Ticker {
  readonly #everyMs: number;
  readonly #tick: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(everyMs: number, tick: () => void) {
    this.#everyMs = everyMs;
    this.#tick = tick;
  }

  start(): void {
    this.#timer ??= setInterval(this.#tick, this.#everyMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
