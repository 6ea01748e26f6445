/** What the machine of a shard remembers, and the inputs of its actors. Contains no token, no payload, no sequence. */
import type { SessionIdentity } from './events.ts';
import type { Loss } from '../losses.ts';
import type { LossCounts, ShardTiming } from '../timing.ts';

/** What the machine of a shard starts with. */
export interface ShardInput {
  readonly shardId: number;
  readonly shardCount: number;
  readonly shouldReconnect: boolean;
  /** Whether a session of an earlier process is resumed only with the guilds that it knew. */
  readonly warmStart?: boolean;
  readonly session: SessionIdentity | null;
  readonly timing: ShardTiming;
}

/** What the machine of a shard remembers. */
export interface ShardContext extends ShardInput {
  /** The number of the current socket; the first is 1. */
  readonly connectionId: number;
  readonly heartbeatIntervalMs: number | null;
  /**
   * How far the current connection came: `hello` from HELLO on, `replay` from the first replayed dispatch on, `ready`
   * from READY or RESUMED on.
   */
  readonly reached: 'nothing' | 'hello' | 'replay' | 'ready';
  /** The lost connections that make the next wait longer. */
  readonly lossCounts: LossCounts;
  /** Connections in a row of one session that ended before HELLO. An odd count sends the next to the main URL. */
  readonly unreachableCount: number;
  /** Resumes in a row that failed. */
  readonly failedResumes: number;
  /** Resumes in a row that timed out although the gateway sent no dispatch. */
  readonly unansweredResumes: number;
  /** Connections in a row of one session that a message without a known sequence ended, none of them stable. */
  readonly unreadableCount: number;
  /** Whether the session is that of the last connection, so that a late close code may end it. */
  readonly isSessionOfLoss: boolean;
  /** How often in a row READY did not come in time. */
  readonly readyTimeouts: number;
  /** How often the shard became ready since you last called `connect()`, `resume()` or `reinstantiate()`. */
  readonly readyCount: number;
  /** How long the shard has waited for another process that has its session, in ms. */
  readonly claimWaitMs: number;
  /** Why the last connection ended. */
  readonly loss: Loss | null;
}

/** The input of the actor `socket`. */
export interface SocketInput {
  readonly connectionId: number;
  /** The resume URL of the session, or `null` for the main URL. */
  readonly resumeUrl: string | null;
}

/** The input of the actor `closeSocket`. */
export interface CloseSocketInput {
  readonly connectionId: number;
  /** The close code to send; `null` terminates the socket. */
  readonly closeWith: number | null;
  readonly reason: string;
}
