/** One dispatch of a stream, from the moment at which it is read until the engine has its acknowledgement. */
import { LazyDispatch } from '../../decoding/lazy-dispatch.ts';
import type { DispatchObserver } from '../../decoding/lazy-dispatch.ts';
import { channelIdOf } from '../../protocol/dispatch-guild.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import type { LoggedDispatch } from '../ports/dispatch-log.ts';
import type { Delivery, NackOptions } from './delivery.ts';

/** The reader of the stream, as its entries use it. */
export interface EntryOwner {
  readonly shardId: number;
  /** Whether a handler may begin: this consumer surely has the shard. */
  readonly mayBegin: boolean;
  /** Counts one more attempt in the engine. Resolves with whether it may begin. */
  count(entry: StreamEntry): Promise<boolean>;
  /** Acknowledges an entry. Resolves when the engine knows. */
  settle(entry: StreamEntry): Promise<void>;
  /** An attempt failed. Returns after which time the entry is to be tried again; `null` if never. */
  fail(entry: StreamEntry, cause: unknown, delayMs?: number): number | null;
  /** Called when a handler has ended, or a pulled delivery. */
  onCallEnd(): void;
}

/** Where an entry waits and is handled. */
export interface EntrySink {
  /** Asks for a pulled delivery again. */
  retry(entry: StreamEntry, delayMs: number): void;
  /** A pulled delivery has been acknowledged, or given up. */
  end(entry: StreamEntry): void;
}

/** Decoding fails where `d` is read, and so the attempt fails. Nothing else is to be done. */
const OBSERVER: DispatchObserver = { onDataRead: () => undefined, onCorruptData: () => undefined };

export class StreamEntry implements Delivery {
  readonly id: string;
  readonly owner: EntryOwner;
  readonly logged: LoggedDispatch;
  readonly dispatch: Dispatch;
  /** Its positions in the stream; more than one if an owner has appended it again. */
  readonly positions: string[];
  readonly bytes: number;
  attempt: number;
  /** Whether the next attempt is not counted in the engine yet. */
  mustCount: boolean;
  isSettled = false;
  /** Where it was pulled from; `null` while a handler has it. */
  sink: EntrySink | null = null;
  /** What a handler has asked for with `nack()`. */
  nackOptions: NackOptions | null = null;

  constructor(owner: EntryOwner, logged: LoggedDispatch, options: { isClaimed: boolean; isRestored?: boolean }) {
    const { sessionId, shardId, sequence, t, bytes, position, attempt } = logged;
    this.id = `${sessionId}/${shardId}/${sequence}`;
    this.owner = owner;
    this.logged = logged;
    const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const dispatch =
      options.isRestored === true
        ? LazyDispatch.restored(t, sequence, packet, OBSERVER)
        : LazyDispatch.undecoded(t, sequence, packet, OBSERVER);
    this.dispatch = dispatch as unknown as Dispatch;
    this.positions = position === '' ? [] : [position];
    this.bytes = bytes.byteLength;
    this.attempt = attempt;
    this.mustCount = options.isClaimed;
  }

  get shardId(): number {
    return this.owner.shardId;
  }

  /** Entries of one key are handled one after the other. */
  get key(): string {
    return `${this.shardId} ${this.logged.guildId ?? this.#channelId ?? ''}`;
  }

  async ack(): Promise<void> {
    this.sink?.end(this);
    await this.owner.settle(this);
  }

  async nack(options: NackOptions = {}): Promise<void> {
    const { delayMs } = options;
    if (delayMs !== undefined && !(Number.isFinite(delayMs) && delayMs >= 0))
      throw new GatewayError('INVALID_OPTIONS', 'nack(): delayMs must be a number of ms, 0 or more');
    if (this.isSettled) return;
    const { sink } = this;
    if (sink === null) {
      this.nackOptions = options;
      return;
    }
    const waitMs = this.owner.fail(this, new Error('nack() was called'), delayMs);
    if (waitMs === null) sink.end(this);
    else sink.retry(this, waitMs);
  }

  /** A direct message has no guild, but a channel. */
  get #channelId(): string | null {
    try {
      return channelIdOf(this.dispatch);
    } catch {
      return null;
    }
  }
}
