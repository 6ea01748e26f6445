/** One thread, from this side: what is said to it, what it says, and how it ends. */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { CrossingOptions, FromThread, Telling, ToThread } from './messages.ts';
import { RecordCursor } from './packet-records.ts';
import { Watchdog } from './watchdog.ts';

const ENTRY = new URL('./thread.js', import.meta.url);
// In the sources there is no JavaScript.
if (import.meta.url.endsWith('.ts')) ENTRY.pathname = ENTRY.pathname.replace(/js$/, 'ts');

/** A shard that lives in it. */
export interface Resident {
  readonly key: number;
  take(telling: Telling): void;
  /** @param packet - good until this returns */
  dispatch(packet: Buffer, sequence: number | null, now: number): void;
  /** All is told that belongs together. */
  tidy(): void;
}

export interface ThreadHost {
  /** As it is called in errors and by debuggers. */
  readonly name: string;
  readonly options: CrossingOptions;
  readonly clock: Clock;
  /** How long it may not answer. */
  readonly timeoutMs: number;
  /** How long it may take to end by itself. */
  readonly endTimeoutMs: number;
  /** Before it begins. */
  readonly delayMs: number;
  onStarted(): void;
  /** It has ended, and was not to. */
  onDied(error: GatewayError): void;
}

export class WorkerThread {
  readonly #host: ThreadHost;
  readonly #shards = new Map<number, Resident>();
  readonly #watchdog: Watchdog;
  readonly #gone = Promise.withResolvers<void>();
  /** What is said before it runs. */
  readonly #early: ToThread[] = [];
  #worker: Worker | null = null;
  #timer: unknown;
  #isEnding = false;
  /** Why it ends. */
  #cause: { readonly what: string; readonly cause?: unknown } | null = null;

  constructor(host: ThreadHost) {
    const { clock, timeoutMs, delayMs } = host;
    this.#host = host;
    this.#watchdog = new Watchdog({
      clock,
      timeoutMs,
      ping: () => this.post({ type: 'ping' }),
      onSilence: (silentMs) => this.#give({ what: `did not answer for ${silentMs / 1000} s` }),
    });
    if (delayMs === 0) this.#begin();
    else this.#timer = clock.setTimeout(() => this.#begin(), delayMs);
  }

  /** Settles when it is no more. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  post(message: ToThread): void {
    if (this.#worker === null) this.#early.push(message);
    else this.#worker.postMessage(message, []);
  }

  add(shard: Resident): void {
    this.#shards.set(shard.key, shard);
  }

  remove(shard: Resident): void {
    this.#shards.delete(shard.key);
  }

  /** Lets it go, once it has done what it was told. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#watchdog.stop();
    const { clock, endTimeoutMs } = this.#host;
    clock.clearTimeout(this.#timer);
    if (this.#worker === null) return this.#gone.resolve();
    this.post({ type: 'end' });
    this.#timer = clock.setTimeout(() => void this.#worker?.terminate(), endTimeoutMs);
  }

  #begin(): void {
    // The token goes by message: what a thread is made with can be read in it by everybody.
    const worker = new Worker(ENTRY, { name: this.#host.name });
    worker.on('message', (message: FromThread) => this.#hear(message));
    worker.on('messageerror', (cause) => this.#give({ what: 'said what could not be read', cause }));
    worker.on('error', (cause) => {
      this.#cause ??= { what: 'threw', cause };
    });
    worker.on('exit', (code) => this.#ended(code));
    this.#worker = worker;
    this.post({ type: 'begin', options: this.#host.options });
    for (const message of this.#early) this.post(message);
    this.#early.length = 0;
    this.#watchdog.watch();
  }

  #hear(message: FromThread): void {
    this.#watchdog.heard();
    (this.#handlers[message.type] as (message: FromThread) => void)(message);
  }

  readonly #handlers: { [Type in FromThread['type']]: (message: Extract<FromThread, { type: Type }>) => void } = {
    started: () => {
      this.#watchdog.started();
      this.#host.onStarted();
    },
    pong: () => undefined,
    batch: (batch) => {
      this.#take(batch);
      this.post({ type: 'taken' });
    },
    ended: () => void this.#worker?.terminate(),
  };

  /** In the order it was said: tellings come between the dispatches. */
  #take({ bytes, tellings }: Extract<FromThread, { type: 'batch' }>): void {
    const records = new RecordCursor(bytes);
    const now = this.#host.clock.now();
    let told = 0;
    for (let count = 0; ; count += 1) {
      for (let placed = tellings[told]; placed !== undefined && placed.after <= count; placed = tellings[told]) {
        told += 1;
        this.#shards.get(placed.key)?.take(placed);
      }
      const packet = records.next();
      if (packet === null) break;
      this.#shards.get(records.key)?.dispatch(packet, records.sequence, now);
    }
    for (const key of new Set(tellings.map((placed) => placed.key))) this.#shards.get(key)?.tidy();
  }

  /** Gives it up. */
  #give(cause: { readonly what: string; readonly cause?: unknown }): void {
    this.#cause ??= cause;
    void this.#worker?.terminate();
  }

  #ended(code: number): void {
    this.#watchdog.stop();
    this.#host.clock.clearTimeout(this.#timer);
    this.#worker?.removeAllListeners();
    this.#gone.resolve();
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { what, cause } = this.#cause ?? { what: `ended with code ${code}` };
    const message = `thread ${this.#host.name} ${what}; it had ${this.#shards.size} shards`;
    this.#host.onDied(new GatewayError('WORKER_FAILED', message, cause === undefined ? {} : { cause }));
  }
}
