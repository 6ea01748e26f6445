/** The view of a shard that an inspector gets: its actor, its events and a few numbers, never the token. */
import type { AnyActorRef, InspectionEvent, Observer } from 'xstate';
import type { ShardState } from '../../machines/index.ts';
import type { FrameObservation, FrameObserver } from '../connection/frame-tap.ts';
import type { IdentifyQueue } from '../identify/identify-gate.ts';
import type { InspectedOptions } from './inspected-options.ts';
import type { MachineStep } from './machine-steps.ts';
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

/** How far the consumers of a shard are behind. */
export interface InspectedBackPressure {
  /** Whether the socket is not read until they have caught up. */
  readonly isPaused: boolean;
  /** The size of the dispatches that wait for them. */
  readonly bufferedBytes: number;
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
  readonly options: InspectedOptions;
  readonly backPressure: InspectedBackPressure;
  /** `null` without a connection. */
  readonly sendWindow: SendWindow | null;
  /** `null` when the identify gate does not report its queue. */
  readonly identifyQueue: IdentifyQueue | null;
  /** The running actor. After `INTERNAL_ERROR`, `connect()` replaces it. */
  readonly actor: AnyActorRef;
  /** The ids of the active states of its statechart, outermost first. */
  readonly active: readonly string[];
  /** Shows the head of each frame to an observer, and counts dispatches for it. */
  observeFrames(observer: FrameObserver): FrameObservation;
  /**
   * Shows each step of the statechart to an observer, also those of an actor that replaces another. Returns the function
   * that removes the observer.
   */
  observeSteps(onStep: (step: MachineStep) => void): () => void;
  /** Adds a listener. */
  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void;
  /** Removes a listener. */
  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void;
}

/** What an inspector may see of a shard in a worker thread, beside its handle. */
export interface InspectedThreadShard extends Pick<InspectedShard, 'options' | 'observeFrames' | 'observeSteps'> {
  /** The number of its thread, from 0. */
  readonly worker: number;
  /** As of a shard in this thread; `null` while they are not known, as before the first call of `observeSteps()`. */
  readonly active: readonly string[] | null;
}

/** Any XState inspection observer. If it has `attach`, the shard calls it once with a view of itself. */
export type InspectionObserver = (Observer<InspectionEvent> | ((event: InspectionEvent) => void)) & {
  attach?: (shard: InspectedShard) => void;
};

/** Returns the observers of the option `inspect`, which takes one or several. */
export const observersOf = <Observer>(inspect: Observer | readonly Observer[] | undefined): readonly Observer[] =>
  inspect === undefined ? [] : isList(inspect) ? inspect : [inspect];

const isList = <Item>(value: Item | readonly Item[]): value is readonly Item[] => Array.isArray(value);
