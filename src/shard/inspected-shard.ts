/** The view of a shard that an inspector gets: its actor, its events and a few numbers, never the token. */
import type { AnyActorRef, InspectionEvent, Observer } from 'xstate';
import type { ShardState } from '../../machines/index.ts';
import type { IdentifyQueue } from '../identify/identify-gate.ts';
import type { ShardEvents } from './shard-events.ts';

/**
 * The send limit of a connection: a sliding window of 60 s.
 * @see https://discord.com/developers/docs/events/gateway#rate-limiting
 */
export interface SendWindow {
  /** Number of frames sent in the last 60 s. */
  readonly used: number;
  /** Number of frames that Discord allows in 60 s. */
  readonly limit: number;
}

/** A running shard, as an inspector sees it. Its properties are read at each access. */
export interface InspectedShard {
  readonly shardId: number;
  readonly shardCount: number;
  readonly state: ShardState;
  /** Round trip of the last acknowledged heartbeat, in ms; `null` before the first. */
  readonly pingMs: number | null;
  /** The sequence of the last dispatch; `null` before the first. */
  readonly sequence: number | null;
  /** The time of the last dispatch, in ms of the shard's clock; `null` before the first. */
  readonly lastDispatchAt: number | null;
  /** Number of payloads in the send queue. */
  readonly pendingSends: number;
  /** `null` without a connection. */
  readonly sendWindow: SendWindow | null;
  /** `null` when the identify gate does not report its queue. */
  readonly identifyQueue: IdentifyQueue | null;
  /** The running actor. After `INTERNAL_ERROR`, `connect()` replaces it. */
  readonly actor: AnyActorRef;
  /** Adds a listener. */
  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void;
  /** Removes a listener. */
  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void;
}

/** Any XState inspection observer. If it has `attach`, the shard calls it once with a view of itself. */
export type InspectionObserver = (Observer<InspectionEvent> | ((event: InspectionEvent) => void)) & {
  attach?: (shard: InspectedShard) => void;
};

/** Returns the observers of the option `inspect`, which takes one or several. */
export const observersOf = <Observer>(inspect: Observer | readonly Observer[] | undefined): readonly Observer[] =>
  inspect === undefined ? [] : isList(inspect) ? inspect : [inspect];

const isList = <Item>(value: Item | readonly Item[]): value is readonly Item[] => Array.isArray(value);
