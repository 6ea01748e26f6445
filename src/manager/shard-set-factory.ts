/**
 * Creates the sets of shards of a manager, and keeps what they share: the session store, and the guard of session starts
 * that looks into it.
 */
import { StartGuard } from '../identify/start-guard.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { ClaimedSessionStore } from '../session/claimed-session-store.ts';
import { SessionOrigin } from '../session/session-origin.ts';
import type { SessionStore } from '../session/session-store.ts';
import { lowerSequence } from '../shard/dispatch-fifo.ts';
import type { FleetDispatcher } from './fleet-dispatcher.ts';
import type { ResolvedManagerOptions } from './manager-options.ts';
import { SessionBuffer } from './reshard/session-buffer.ts';
import type { BufferedSession } from './reshard/session-buffer.ts';
import { STOPPED_STATES } from './shard-handle.ts';
import type { ShardFactory } from './shard-handle.ts';
import { ShardSet } from './shard-set.ts';
import type { ShardSetObserver, ShardSetPlan } from './shard-set.ts';
import { SessionClaims } from './start/session-claims.ts';

interface ShardSetFactoryOptions {
  readonly options: ResolvedManagerOptions;
  readonly createShard: ShardFactory;
  readonly dispatcher: FleetDispatcher;
  readonly observer: ShardSetObserver;
  readonly reportFault: (error: GatewayError, shardId: number | null) => void;
  /** Returns the oldest sequence of a shard's session that the engine of a cluster has not stored; `null` if it has all. */
  readonly lowestUnpublished: (entry: BufferedSession) => number | null;
}

interface ShardSetConfig {
  readonly gate: IdentifyGate;
  readonly mode: 'writing' | 'buffering';
  readonly rawEnabled: boolean;
}

export class ShardSetFactory {
  readonly #options: ShardSetFactoryOptions;
  readonly #origin: SessionOrigin;
  #store: ClaimedSessionStore;
  #startGuard: StartGuard;

  constructor(options: ShardSetFactoryOptions) {
    this.#options = options;
    this.#origin = new SessionOrigin(options.options);
    this.#store = this.#createStore(options.options.sessionStore);
    this.#startGuard = this.#createStartGuard();
  }

  get store(): ClaimedSessionStore {
    return this.#store;
  }

  /** Sets that are created from now on use another store. */
  useStore(store: SessionStore): void {
    this.#store = this.#createStore(store);
    this.#startGuard = this.#createStartGuard();
  }

  create(plan: ShardSetPlan, { gate, mode, rawEnabled }: ShardSetConfig): ShardSet {
    const { createShard, dispatcher, options, observer, reportFault, lowestUnpublished } = this.#options;
    const { clock, timing } = options;
    const store = this.#store;
    const sessionBuffer = new SessionBuffer(
      {
        clock,
        store,
        snapshots: options.warmStart ? store : null,
        origin: this.#origin,
        lowestPendingSequence: (entry) => lowerSequence(dispatcher.lowestSequenceOf(entry), lowestUnpublished(entry)),
        dropPending: (entry) => dispatcher.drop(entry),
        report: reportFault,
      },
      mode,
    );
    const onOutdated = (shardId: number): void => {
      const handle = set.handles.get(shardId);
      // A store that was silent for too long may say it of a shard that runs, and goes on.
      if (handle === undefined || !STOPPED_STATES.has(handle.state)) return;
      sessionBuffer.markOutdated(shardId);
      handle.markOutdated();
    };
    const set: ShardSet = new ShardSet(plan, {
      clock,
      createShard,
      sessionBuffer,
      claims: new SessionClaims({ clock, store, timing, onOutdated }),
      origin: this.#origin,
      gate,
      startGuard: this.#startGuard,
      storeTimeoutMs: timing.connectTimeoutMs,
      rawEnabled,
      // By now another process that had the shards since has handled what waited.
      onClaimed: () => dispatcher.resumeHandlers(),
      observer,
    });
    return set;
  }

  #createStore(store: SessionStore): ClaimedSessionStore {
    const { options, reportFault } = this.#options;
    return new ClaimedSessionStore(store, {
      clock: options.clock,
      timeoutMs: options.timing.connectTimeoutMs,
      report: reportFault,
    });
  }

  #createStartGuard(): StartGuard {
    const { options, reportFault } = this.#options;
    return new StartGuard({
      clock: options.clock,
      store: this.#store,
      policy: options.startGuard,
      report: reportFault,
    });
  }
}
