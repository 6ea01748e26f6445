/**
 * Hands over from one set of shards to another that receives the same events, each over sessions with sequences of
 * their own, so that every event is handed out by exactly one of them.
 *
 * Nothing says where in the one stream the other is. But the answer to a heartbeat comes behind all that a session was
 * sent before it, so each set can be brought past any point the other has reached:
 *
 * 1. `watching`: what the old set hands out is taken down from here on. The new set catches up; what it has received
 *    by then is either older than that, or taken down.
 * 2. `overlapping`: what the new set receives is kept. The old set catches up: it has handed out all that the new one
 *    received before it began to keep.
 * 3. `frozen`: what the old set receives is kept aside. The new set catches up: it has kept all that the old one has
 *    handed out and it did not receive before.
 * 4. What the new set has kept is handed out, without what was taken down of the old one, and the new set is in service.
 *
 * If anything goes wrong before the last step the old set hands out what was kept aside, and nothing has happened.
 * `docs/manager.md` says what this takes for granted of Discord.
 */
import type { Dispatch } from '../../protocol/packets.ts';
import type { BufferedSession } from './session-buffer.ts';
import { guildIdOf } from '../guild-sharding.ts';
import type { ShardSet } from '../shard-set.ts';

type Phase = 'watching' | 'overlapping' | 'frozen' | 'over';

interface BufferedDispatch {
  readonly entry: BufferedSession;
  readonly dispatch: Dispatch;
}

interface HandOverCallbacks {
  deliver(entry: BufferedSession, dispatch: Dispatch): void;
  /** The new set is in service from here on, and begins with these. */
  switchOver(buffered: readonly BufferedDispatch[]): void;
}

/** What only the session that asked is told; the other set never hears of it. */
const REQUESTED_DISPATCHES: ReadonlySet<string> = new Set([
  'GUILD_MEMBERS_CHUNK',
  'RATE_LIMITED',
  'SOUNDBOARD_SOUNDS',
  'CHANNEL_INFO',
]);
/** What is said about the session itself. */
const SESSION_DISPATCHES: ReadonlySet<string> = new Set(['READY', 'RESUMED']);

export const isRequestedDispatch = ({ t }: Dispatch): boolean => REQUESTED_DISPATCHES.has(t);

const contentOf = ({ t, d }: Dispatch): string => `${t} ${JSON.stringify(d)}`;

export class HandOver {
  readonly #old: ShardSet;
  readonly #next: ShardSet;
  readonly #callbacks: HandOverCallbacks;
  readonly #cancelled = Promise.withResolvers<never>();
  /** What the old set has handed out, and how often. */
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

  /** Settles with whether the new set is in service. Never rejects. */
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

  /** The old set goes on as if nothing had been. */
  cancel(): void {
    if (this.#phase === 'over') return;
    this.#setPhase('over');
    this.#old.sessionBuffer.isFrozen = false;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const { entry, dispatch } of deferred) this.#callbacks.deliver(entry, dispatch);
    this.#cancelled.reject(new Error('the hand-over was cancelled'));
  }

  /** A shard has changed its state: one that is not ready may receive less than its set should. */
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
    // What concerns no guild comes to every shard, or to one; the sets do not have the same number of them.
    if (guildIdOf(dispatch) !== null && count > 0) this.#deliveredCounts.set(content, count - 1);
    return count > 0;
  }
}
