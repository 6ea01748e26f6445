/** A shard as bots of discordeno know it, from `bot.gateway.shards` and as argument of `gateway.events`. */
import type { ShardState } from '../../machines/index.ts';
import { ignorable } from '../frameworks/bot-errors.ts';
import type { ShardHandle } from '../manager/shard-handle.ts';
import type { SendPayload } from '../protocol/packets.ts';

/** The numbers of `ShardState` in discordeno. */
const DISCORDENO_STATES: Readonly<Record<ShardState, number>> = {
  ready: 0,
  connecting: 1,
  zombie: 2,
  reconnecting: 2,
  identifying: 4,
  resuming: 5,
  disconnected: 6,
  disconnecting: 6,
  failed: 6,
};

/** The part of a `Shard` of discordeno that there is on shardwright. For everything else use `manager.shards`. */
export class DiscordenoShard {
  /** The id of this shard. */
  readonly id: number;
  readonly #handle: ShardHandle;

  /** @internal */
  constructor(handle: ShardHandle) {
    this.id = handle.shardId;
    this.#handle = handle;
  }

  /** A number of discordeno's `ShardState`. */
  get state(): number {
    return DISCORDENO_STATES[this.#handle.state];
  }

  /** `rtt` is the round trip of the last heartbeat, in ms; `undefined` before its ACK. */
  get heart(): { readonly rtt?: number } {
    const { ping } = this.#handle;
    return ping === null ? {} : { rtt: ping };
  }

  /** The id of the session; `undefined` without a session. */
  get sessionId(): string | undefined {
    return this.#handle.session?.sessionId;
  }

  /** The sequence of the session; `null` without a session. */
  get previousSequenceNumber(): number | null {
    return this.#handle.session?.sequence ?? null;
  }

  /** Returns whether the shard is ready. */
  isOpen(): boolean {
    return this.#handle.state === 'ready';
  }

  /** Sends a payload, as `ShardManager.send()` does. */
  send(payload: { op: number; d: unknown }): Promise<void> {
    return this.#handle.send(payload as SendPayload);
  }

  /** Closes the connection, and resumes the session on a new one. */
  resume(): Promise<void> {
    return ignorable(this.#handle.reconnect());
  }

  /** Disconnects this shard, and keeps its session. */
  shutdown(): Promise<void> {
    return ignorable(this.#handle.disconnect());
  }
}
