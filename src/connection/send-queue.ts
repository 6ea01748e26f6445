/**
 * Queues the user's payloads, first in, first out, until the shard is ready and the send limit allows them. The queue
 * outlives connections, and every `send()` settles.
 */
import type { Clock } from '../clock.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { onAbort } from '../protocol/on-abort.ts';
import { sendChannel } from '../protocol/telemetry.ts';
import type { FrameKind } from './send-limiter.ts';

/** Receives the frames while the shard is ready. */
export interface FrameSink {
  readonly limiter: { delayMs(kind: FrameKind): number };
  /** Returns `false` when the socket is no longer open; its end is about to be reported. */
  transmit(kind: QueuedKind, text: string): boolean;
}

export type QueuedKind = Extract<FrameKind, 'priority' | 'command' | 'presence'>;

interface Entry {
  kind: QueuedKind;
  text: string;
  settle: (error: GatewayError | null) => void;
}

export interface Throttled {
  /** Number of queued payloads. */
  pending: number;
  /** Time until the next one may be sent, in ms. */
  retryAfterMs: number;
}

export class SendQueue {
  readonly #shardId: number;
  readonly #clock: Clock;
  readonly #onThrottled: (throttled: Throttled) => void;
  /** Entries with priority, then the others; each group in order. */
  #entries: Entry[] = [];
  #sink: FrameSink | null = null;
  #timer: unknown;
  #stopped: GatewayError | null = null;

  constructor(shardId: number, clock: Clock, onThrottled: (throttled: Throttled) => void) {
    this.#shardId = shardId;
    this.#clock = clock;
    this.#onThrottled = onThrottled;
  }

  get pending(): number {
    return this.#entries.length - Math.max(0, this.#presences().length - 1);
  }

  get isStopped(): boolean {
    return this.#stopped !== null;
  }

  /** Resolves when the socket has accepted the frame. Rejects with `ABORTED`, or with the error of {@link stop}. */
  send(kind: QueuedKind, text: string, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortedError('send()', signal));
    if (this.#stopped !== null) return Promise.reject(this.#stopped);
    const askedAt = this.#clock.now();
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        kind,
        text,
        settle: (error) => {
          stopListening();
          if (sendChannel.hasSubscribers) this.#publish(kind, askedAt, error);
          if (error === null) resolve();
          else reject(error);
        },
      };
      const stopListening = onAbort(signal, () => {
        if (signal === undefined || !this.#entries.includes(entry)) return;
        this.#entries = this.#entries.filter((other) => other !== entry);
        entry.settle(abortedError('send()', signal));
        this.#flush();
      });
      this.#insert(entry);
      this.#flush();
    });
  }

  /** Called when the shard is ready. */
  attach(sink: FrameSink): void {
    this.#sink = sink;
    this.#flush();
  }

  /** Called when the shard is no longer ready. */
  detach(): void {
    this.#sink = null;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Rejects all queued payloads, and new ones until {@link start}. */
  stop(error: GatewayError): void {
    this.detach();
    this.#stopped = error;
    const entries = this.#entries;
    this.#entries = [];
    for (const entry of entries) entry.settle(error);
  }

  start(): void {
    this.#stopped = null;
  }

  /** Rejects the queued presences. */
  rejectPresences(error: GatewayError): void {
    const presences = new Set(this.#presences());
    this.#entries = this.#entries.filter((entry) => !presences.has(entry));
    for (const { settle } of presences) settle(error);
  }

  #insert(entry: Entry): void {
    if (entry.kind !== 'priority') return void this.#entries.push(entry);
    const insertAt = this.#entries.findIndex(({ kind }) => kind !== 'priority');
    this.#entries.splice(insertAt === -1 ? this.#entries.length : insertAt, 0, entry);
  }

  #presences(): Entry[] {
    return this.#entries.filter(({ kind }) => kind === 'presence');
  }

  /** Of queued presences only the last is sent, in the place of the first. It settles them all. */
  #batchFor(first: Entry): Entry[] {
    return first.kind === 'presence' ? this.#presences() : [first];
  }

  #flush(): void {
    const wasThrottled = this.#timer !== undefined;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#sink !== null && this.#entries.length > 0) {
      const { limiter } = this.#sink;
      // A presence that waits for its own limit does not delay the commands behind it.
      const delays = new Map<QueuedKind, number>();
      const delayOf = ({ kind }: Entry): number => {
        const delayMs = delays.get(kind) ?? limiter.delayMs(kind);
        delays.set(kind, delayMs);
        return delayMs;
      };
      const first = this.#entries.find((entry) => delayOf(entry) === 0);
      if (first === undefined) return this.#throttle(Math.min(...delays.values()), wasThrottled);
      const batch = this.#batchFor(first);
      if (!this.#sink.transmit(first.kind, batch.at(-1)?.text ?? first.text)) return;
      const sent = new Set(batch);
      this.#entries = this.#entries.filter((entry) => !sent.has(entry));
      for (const { settle } of batch) settle(null);
    }
  }

  /** Reports when the limit begins to delay, and again after each wait, but not for every new payload. */
  #throttle(retryAfterMs: number, wasThrottled: boolean): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, retryAfterMs);
    if (wasThrottled) return;
    if (sendChannel.hasSubscribers)
      sendChannel.publish({ event: 'throttled', shardId: this.#shardId, pending: this.pending, retryAfterMs });
    this.#onThrottled({ pending: this.pending, retryAfterMs });
  }

  #publish(kind: QueuedKind, askedAt: number, error: GatewayError | null): void {
    const common = { shardId: this.#shardId, kind, waitMs: this.#clock.now() - askedAt };
    if (error === null) sendChannel.publish({ event: 'sent', ...common, pending: this.pending });
    else sendChannel.publish({ event: 'abandoned', ...common, code: error.code });
  }
}
