/**
 * The port for commands to the owner of a shard, from any process. They wait in one queue a shard, in order, through a
 * hand-over, until they are late. An answer goes back to the instance that sent the command.
 */
import type { Lease } from './ownership.ts';

/** A command as it is kept: plain data that JSON can hold. */
export interface Command {
  /** Different for every command. */
  readonly id: string;
  readonly shardId: number;
  /** What to do: `'send'`, `'requestGuildMembers'`, … */
  readonly name: string;
  readonly data: unknown;
  /** The instance that waits for the answer. */
  readonly from: string;
  /** How long it may wait to be taken, in ms from now. */
  readonly timeoutMs: number;
  /** Replaces commands of the same key that wait: the last presence wins. Their senders get `superseded`. */
  readonly key?: string;
}

export type CommandAnswer =
  | { readonly id: string; readonly kind: 'done'; readonly result: unknown }
  | { readonly id: string; readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly id: string; readonly kind: 'superseded' };

export interface CommandBus {
  /** Adds a command to the end of the queue of its shard. Has no effect if the engine has seen its id already. */
  send(command: Command): Promise<void>;
  /**
   * Takes up to `count` commands from the head of the queue. They count as under way until `done()`. Late ones are
   * dropped. `underWay` are the ids that the caller has taken and not finished. All others that count as under way come
   * first: an earlier owner took them, or the answer of an earlier call was lost.
   */
  take(lease: Lease, count: number, underWay: readonly string[]): Promise<readonly Command[]>;
  /** Ends a command that was taken, and sends the answer, in one step. Has no effect if it has ended already. */
  done(lease: Lease, command: Command, answer: CommandAnswer): Promise<void>;
  /** Resolves with the shards that may have commands; with none when `timeoutMs` are over, or when aborted. */
  wait(
    leases: readonly Lease[],
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<readonly number[]>;
  /** Calls `listener` with each answer for an instance. Returns a function that ends it. */
  answers(instance: string, listener: (answer: CommandAnswer) => void): () => void;
}
