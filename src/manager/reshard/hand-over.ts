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
 * If anything fails before the last step, the old set delivers the deferred dispatches and goes on as before.
 * `docs/manager.md` says what this assumes about Discord.
 */
import { guildIdOf } from '../../protocol/dispatch-guild.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import type { BufferedSession } from './session-buffer.ts';
import type { ShardSet } from '../shard-set.ts';

type Phase = 'watching' | 'overlapping' | 'frozen' | 'over';

interface BufferedDispatch {
  readonly entry: BufferedSession;
  readonly dispatch: Dispatch;
}

interface HandOverCallbacks {
  deliver(entry: BufferedSession, dispatch: Dispatch): void;
  /** Puts the new set in service, beginning with these dispatches. */
  switchOver(buffered: readonly BufferedDispatch[]): void;
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

const contentOf = ({ t, d }: Dispatch): string => `${t} ${JSON.stringify(d)}`;

export class HandOver {
  readonly #old: ShardSet;
  readonly #next: ShardSet;
  readonly #callbacks: HandOverCallbacks;
  readonly #cancelled = Promise.withResolvers<never>();
  /** What the old set has delivered, and how often. */
  readonly #deliveredCounts = new Map<string, number>();
  #buffered: BufferedDispatch[] = [];
  #deferred: BufferedDispatch[] = [];
  #phase: Phase = 'watching';

  constructor(old: ShardSet, next: ShardSet, callbacks: HandOverCallbacks) {
    this.#old = old;
    this.#next = next;
    this.#callbacks = callbacks;
    this.#cancelled.promise.catch(() => undefined);
  }

  /** Resolves with whether the new set is in service. Never rejects. */
  async run(): Promise<boolean> {
    try {
      await this.#barrierAll(this.#next);
      this.#setPhase('overlapping');
      await this.#barrierAll(this.#old);
      this.#setPhase('frozen');
      this.#old.sessionBuffer.isFrozen = true;
      await this.#barrierAll(this.#next);
      this.#finish();
      return true;
    } catch {
      this.cancel();
      return false;
    }
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
    const isNeeded = set === this.#next ? this.#phase !== 'over' : ['watching', 'overlapping'].includes(this.#phase);
    if (isNeeded && !(set === this.#next ? set.isReady : set.isQuiescent)) this.cancel();
  }

  fromOld(entry: BufferedSession, dispatch: Dispatch): void {
    if (this.#phase === 'frozen' && !isRequestedDispatch(dispatch)) {
      this.#deferred.push({ entry, dispatch });
      return;
    }
    if (!isRequestedDispatch(dispatch) && !SESSION_DISPATCHES.has(dispatch.t)) this.#recordDelivered(dispatch);
    this.#callbacks.deliver(entry, dispatch);
  }

  fromNext(entry: BufferedSession, dispatch: Dispatch): void {
    if (this.#phase === 'watching' || isRequestedDispatch(dispatch) || SESSION_DISPATCHES.has(dispatch.t)) return;
    this.#buffered.push({ entry, dispatch });
  }

  #setPhase(phase: Phase): void {
    if (this.#phase === 'over') throw new Error('the hand-over is over');
    this.#phase = phase;
  }

  #recordDelivered(dispatch: Dispatch): void {
    const content = contentOf(dispatch);
    this.#deliveredCounts.set(content, (this.#deliveredCounts.get(content) ?? 0) + 1);
  }

  async #barrierAll(set: ShardSet): Promise<void> {
    await Promise.race([Promise.all(set.readyShards.map((handle) => handle.barrier())), this.#cancelled.promise]);
  }

  #finish(): void {
    const buffered = this.#buffered.filter(({ dispatch }) => !this.#wasDelivered(dispatch));
    this.#setPhase('over');
    this.#callbacks.switchOver(buffered);
  }

  #wasDelivered(dispatch: Dispatch): boolean {
    const content = contentOf(dispatch);
    const count = this.#deliveredCounts.get(content) ?? 0;
    // An event without a guild goes to every shard, or to one, and the sets have different shard counts.
    if (guildIdOf(dispatch) !== null && count > 0) this.#deliveredCounts.set(content, count - 1);
    return count > 0;
  }
}
