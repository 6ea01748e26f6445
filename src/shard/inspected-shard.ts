/**
 * What an inspector may see of a shard: its actor, its events, and a few numbers read when somebody looks. No payload
 * unless it listens for one, and never the token.
 */
import type { AnyActorRef, InspectionEvent, Observer } from 'xstate';
import type { ShardState } from '../../machines/index.ts';
import { inspectIdentifyGate } from '../identify/identify-gate.ts';
import type { IdentifyGate, IdentifyQueue } from '../identify/identify-gate.ts';
import type { Emitter } from './emitter.ts';
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

/** The parts of a shard that the view is of. */
interface InspectionSource {
  readonly options: { readonly shardId: number; readonly shardCount: number; readonly identifyGate: IdentifyGate };
  readonly state: ShardState;
  readonly actor: AnyActorRef;
  readonly heartbeatTracker: { readonly ping: number | null };
  readonly session: { readonly sequence: number | null };
  readonly activityTimes: { readonly lastDispatchAt: number | null };
  readonly queue: { readonly pending: number };
  readonly connectionSlot: { readonly connection: { readonly limiter: { readonly window: SendWindow } } | null };
  readonly emitter: Emitter<ShardEvents>;
}

/** Reads when it is asked, and keeps nothing. */
class InspectedShardView implements InspectedShard {
  readonly #shard: InspectionSource;

  constructor(shard: InspectionSource) {
    this.#shard = shard;
  }

  get shardId(): number {
    return this.#shard.options.shardId;
  }

  get shardCount(): number {
    return this.#shard.options.shardCount;
  }

  get state(): ShardState {
    return this.#shard.state;
  }

  get actor(): AnyActorRef {
    return this.#shard.actor;
  }

  get pingMs(): number | null {
    return this.#shard.heartbeatTracker.ping;
  }

  get sequence(): number | null {
    return this.#shard.session.sequence;
  }

  get lastDispatchAt(): number | null {
    return this.#shard.activityTimes.lastDispatchAt;
  }

  get pendingSends(): number {
    return this.#shard.queue.pending;
  }

  get sendWindow(): SendWindow | null {
    return this.#shard.connectionSlot.connection?.limiter.window ?? null;
  }

  get identifyQueue(): IdentifyQueue | null {
    return inspectIdentifyGate(this.#shard.options.identifyGate);
  }

  on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void {
    this.#shard.emitter.on(name, listener);
  }

  off<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => unknown): void {
    this.#shard.emitter.off(name, listener);
  }
}

/** Shows the shard to an inspector that can see more than an XState observer; one that throws has seen enough. */
export function attachInspector(
  inspect: InspectionObserver | undefined,
  shard: InspectionSource,
  onThrow: (cause: unknown) => void,
): void {
  try {
    inspect?.attach?.(new InspectedShardView(shard));
  } catch (cause) {
    // The user had no chance yet to listen for faults.
    queueMicrotask(() => onThrow(cause));
  }
}
