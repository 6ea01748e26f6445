/**
 * What an inspector may see of a shard: its actor, its events, and a few numbers read when somebody looks. No payload
 * unless it listens for one, and never the token.
 */
import type { AnyActorRef, InspectionEvent, Observer } from 'xstate';
import type { ShardState } from '../../machines/index.ts';
import type { IdentifyQueue } from '../identify/identify-gate.ts';
import type { ShardEvents } from './shard-events.ts';

/** The sliding 60 s of a connection. */
export interface SendWindow {
  /** Frames sent in it. */
  readonly used: number;
  /** Frames Discord allows in it. */
  readonly limit: number;
}

export interface InspectedShard {
  readonly shardId: number;
  readonly shardCount: number;
  readonly state: ShardState;
  /** The last round trip in ms. */
  readonly pingMs: number | null;
  readonly sequence: number | null;
  /** In ms of the shard's clock. */
  readonly lastDispatchAt: number | null;
  readonly pendingSends: number;
  /** `null` without a connection. */
  readonly sendWindow: SendWindow | null;
  /** `null` when the gate does not tell. */
  readonly identifyQueue: IdentifyQueue | null;
  /** The actor that runs now; another one after a machine that broke was started again. */
  readonly actor: AnyActorRef;
  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void;
  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void;
}

/** Any XState observer. One that has `attach` is given the shard when it is made, and can see more. */
export type InspectionObserver = (Observer<InspectionEvent> | ((event: InspectionEvent) => void)) & {
  attach?: (shard: InspectedShard) => void;
};
