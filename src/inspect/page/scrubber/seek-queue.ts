/** Asks for one time after the other: while an answer is awaited, only the newest wish is kept. */
export class SeekQueue {
  readonly #seek: (at: number) => void;
  /** The time that the user wants; `null` before the first message. */
  #wanted: number | null = null;
  #isAwaiting = false;

  constructor(seek: (at: number) => void) {
    this.#seek = seek;
  }

  get at(): number | null {
    return this.#wanted;
  }

  request(at: number): void {
    this.#wanted = at;
    if (!this.#isAwaiting) this.#send(at);
  }

  /** A first message comes after each connect, and shows the end. */
  onArrival(at: number, isFirst: boolean): void {
    this.#isAwaiting = false;
    this.#wanted ??= at;
    if (isFirst ? at !== this.#wanted : Math.abs(at - this.#wanted) >= 1) this.#send(this.#wanted);
  }

  #send(at: number): void {
    this.#isAwaiting = true;
    this.#seek(at);
  }
}
