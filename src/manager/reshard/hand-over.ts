/**
 * Hands over from the old set of shards to a new one, so that exactly one of them delivers each event. Both receive the
 * same events, over sessions with different sequences, and no number says how far one set is ahead of the other.
 *
 * But Discord sends the ACK of a heartbeat after everything it sent to the session before. A set that waits for one ACK
 * per shard has *caught up*: it has passed any point that the other set had reached.
 *
 * 1. `watching`: dispatches that the old set delivers are recorded from here on. The new set catches up. Dispatches it
 *    has received by then are either older than the record, or in it.
 * 2. `overlapping`: dispatches that the new set receives are buffered. The old set catches up: it has delivered all
 *    dispatches that the new set received before it began to buffer.
 * 3. `frozen`: dispatches that the old set receives are deferred. The new set catches up: it has buffered all recorded
 *    dispatches that it had not received before.
 * 4. The buffered dispatches that are not in the record are delivered, and the new set is in service.
 *
 * If anything fails before the last step, the old set delivers the deferred dispatches and goes on as before. One process
 * takes the steps one after the other. In a cluster all nodes take each step before any takes the next one.
 * `docs/manager.md` says what this assumes about Discord.
 */
import type { Dispatch } from '../../protocol/packets.ts';
import { DeliveryRecord } from './delivery-record.ts';
import type { BufferedSession } from './session-buffer.ts';
import type { ShardSet } from '../shard-set.ts';

type Phase = 'watching' | 'overlapping' | 'frozen' | 'caughtUp' | 'over';

/** In which phases the old set delivers nothing. */
const DEFERS_OLD: ReadonlySet<Phase> = new Set(['frozen', 'caughtUp']);
/** In which phases a set must not miss an event. */
const NEEDS_OLD: ReadonlySet<Phase> = new Set(['watching', 'overlapping']);
const NEEDS_NEXT: ReadonlySet<Phase> = new Set(['watching', 'overlapping', 'frozen']);

export interface BufferedDispatch {
  readonly entry: BufferedSession;
  readonly dispatch: Dispatch;
}

interface HandOverCallbacks {
  deliver(entry: BufferedSession, dispatch: Dispatch): void;
  /**
   * Puts the new set in service, beginning with these dispatches. Those that are `leftOut` the old set has delivered: they count
   * as delivered in the new sessions too, or the next owner of one would get them again.
   */
  switchOver(buffered: readonly BufferedDispatch[], leftOut: readonly BufferedDispatch[]): void;
}

/** Only the session that asked receives the answer; the other set never does. */
const REQUESTED_DISPATCHES: ReadonlySet<string> = new Set([
  'GUILD_MEMBERS_CHUNK',
  'RATE_LIMITED',
  'SOUNDBOARD_SOUNDS',
  'CHANNEL_INFO',
]);
/** These dispatches are about the session itself. */
const SESSION_DISPATCHES: ReadonlySet<string> = new Set(['READY', 'RESUMED']);

export const isRequestedDispatch = ({ t }: Dispatch): boolean => REQUESTED_DISPATCHES.has(t);

export class HandOver {
  readonly #old: ShardSet;
  readonly #next: ShardSet;
  readonly #callbacks: HandOverCallbacks;
  readonly #cancelled = Promise.withResolvers<never>();
  /** What the old set has delivered. */
  readonly record = new DeliveryRecord();
  #buffered: BufferedDispatch[] = [];
  #deferred: BufferedDispatch[] = [];
  #phase: Phase = 'watching';

  constructor(old: ShardSet, next: ShardSet, callbacks: HandOverCallbacks) {
    this.#old = old;
    this.#next = next;
    this.#callbacks = callbacks;
    this.#cancelled.promise.catch(() => undefined);
  }

  /** Takes all steps. Resolves with whether the new set is in service. Never rejects. */
  async run(): Promise<boolean> {
    try {
      await this.buffer();
      await this.freeze();
      await this.catchUp();
      this.finish(this.record);
      return true;
    } catch {
      this.cancel();
      return false;
    }
  }

  /** Resolves when the new set has caught up, and buffers. This and the next two reject when the hand-over is cancelled. */
  async buffer(): Promise<void> {
    await this.#barrierAll(this.#next);
    this.#setPhase('overlapping');
  }

  /** Resolves when the old set has caught up, and delivers nothing more. */
  async freeze(): Promise<void> {
    await this.#barrierAll(this.#old);
    this.#setPhase('frozen');
    this.#old.sessionBuffer.isFrozen = true;
  }

  /** Resolves when the new set has buffered everything that was delivered. */
  async catchUp(): Promise<void> {
    await this.#barrierAll(this.#next);
    this.#setPhase('caughtUp');
  }

  /** Puts the new set in service. `record` has what was delivered. */
  finish(record: DeliveryRecord): void {
    const leftOut = new Set(this.#buffered.filter(({ dispatch }) => record.take(dispatch)));
    this.#setPhase('over');
    this.#callbacks.switchOver(
      this.#buffered.filter((each) => !leftOut.has(each)),
      [...leftOut],
    );
  }

  /** Ends the hand-over. The old set delivers the deferred dispatches and goes on. */
  cancel(): void {
    if (this.#phase === 'over') return;
    this.#setPhase('over');
    this.#old.sessionBuffer.isFrozen = false;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const { entry, dispatch } of deferred) this.#callbacks.deliver(entry, dispatch);
    this.#cancelled.reject(new Error('the hand-over was cancelled'));
  }

  /** Cancels the hand-over if a shard it needs is not ready: its set may miss events. */
  onShardChange(set: ShardSet): void {
    if (!this.isIntact(set)) this.cancel();
  }

  /** Whether each shard of a set that the hand-over needs is ready. */
  isIntact(set: ShardSet): boolean {
    const isNeeded = (set === this.#next ? NEEDS_NEXT : NEEDS_OLD).has(this.#phase);
    return !isNeeded || (set === this.#next ? set.isReady : set.isQuiescent);
  }

  /** Returns whether the dispatch is kept, and not delivered. */
  fromOld(entry: BufferedSession, dispatch: Dispatch): boolean {
    if (DEFERS_OLD.has(this.#phase) && !isRequestedDispatch(dispatch)) {
      this.#deferred.push({ entry, dispatch });
      return true;
    }
    if (!isRequestedDispatch(dispatch) && !SESSION_DISPATCHES.has(dispatch.t)) this.record.add(dispatch);
    this.#callbacks.deliver(entry, dispatch);
    return false;
  }

  /** Returns whether the dispatch is kept. */
  fromNext(entry: BufferedSession, dispatch: Dispatch): boolean {
    if (this.#phase === 'watching' || isRequestedDispatch(dispatch) || SESSION_DISPATCHES.has(dispatch.t)) return false;
    this.#buffered.push({ entry, dispatch });
    return true;
  }

  #setPhase(phase: Phase): void {
    if (this.#phase === 'over') throw new Error('the hand-over is over');
    this.#phase = phase;
  }

  async #barrierAll(set: ShardSet): Promise<void> {
    await Promise.race([Promise.all(set.readyShards.map((handle) => handle.barrier())), this.#cancelled.promise]);
  }
}
