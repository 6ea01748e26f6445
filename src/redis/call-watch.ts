/**
 * Ends calls that take too long: a server that hangs keeps its connection open and answers nothing. All calls wait
 * equally long, so one timer for the oldest is enough.
 */
import { setUnrefTimeout } from '../clock.ts';
import type { Clock } from '../clock.ts';

interface Call {
  readonly endsAt: number;
  readonly reject: (error: Error) => void;
}

export class CallWatch {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #calls = new Set<Call>();
  #timer: unknown = null;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Settles as the call does, or rejects when its time is over. */
  run<Result>(call: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const watched: Call = { endsAt: this.#clock.now() + this.#timeoutMs, reject };
      this.#calls.add(watched);
      if (this.#timer === null) this.#arm();
      const end = (): void => {
        this.#calls.delete(watched);
      };
      call.then(
        (result) => {
          end();
          resolve(result);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer);
    for (const { reject } of this.#calls) reject(new Error('the connection was closed'));
    this.#calls.clear();
  }

  #arm(): void {
    const [oldest] = this.#calls;
    this.#timer =
      oldest === undefined
        ? null
        : setUnrefTimeout(
            this.#clock,
            // After a pause of this process, answers may lie on the socket: with a delay of 0 they are read first.
            () => this.#clock.setTimeout(() => this.#end(), 0),
            Math.max(1, oldest.endsAt - this.#clock.now()),
          );
  }

  #end(): void {
    const now = this.#clock.now();
    for (const call of this.#calls) {
      if (call.endsAt > now) break;
      this.#calls.delete(call);
      call.reject(new Error(`no answer within ${this.#timeoutMs} ms`));
    }
    this.#arm();
  }
}
