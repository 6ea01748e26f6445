/** What the machine of a shard remembers, and what it hands to its actors. No secrets, no payloads, no sequence. */
import type { SessionIdentity } from './events.ts';
import type { Loss } from '../losses.ts';
import type { ShardTiming } from '../timing.ts';

export interface ShardInput {
  readonly shardId: number;
  readonly shardCount: number;
  readonly shouldReconnect: boolean;
  readonly session: SessionIdentity | null;
  readonly timing: ShardTiming;
}

export interface ShardContext extends ShardInput {
  /** Counts sockets. */
  readonly connectionId: number;
  readonly heartbeatIntervalMs: number | null;
  /** Reconnections since the last stable connection. */
  readonly attempt: number;
  /** Connections in a row that ended before HELLO: with a session, odd ones went to the resume host. */
  readonly unreachableCount: number;
  readonly failedResumes: number;
  readonly readyTimeouts: number;
  /** How often the shard was ready since it was last told to connect. */
  readonly readyCount: number;
  /** Why the last connection ended. */
  readonly loss: Loss | null;
}

export interface SocketInput {
  readonly connectionId: number;
  /** The URL of the session, or `null` for the main one. */
  readonly resumeUrl: string | null;
}

export interface CloseSocketInput {
  readonly connectionId: number;
  /** `null` terminates. */
  readonly closeWith: number | null;
  readonly reason: string;
}
