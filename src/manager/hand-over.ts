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
import type { Dispatch } from '../protocol/packets.ts';
import type { LedgerRow } from './session-ledger.ts';
import { guildOf } from './shard-of.ts';
import type { ShardSet } from './shard-set.ts';

type Phase = 'watching' | 'overlapping' | 'frozen' | 'over';

interface Kept {
  readonly row: LedgerRow;
  readonly dispatch: Dispatch;
}

interface Host {
  deliver(row: LedgerRow, dispatch: Dispatch): void;
  /** The new set is in service from here on, and begins with these. */
  flip(kept: readonly Kept[]): void;
}

/** What only the session that asked is told; the other set never hears of it. */
const ANSWERS: ReadonlySet<string> = new Set(['GUILD_MEMBERS_CHUNK', 'RATE_LIMITED', 'SOUNDBOARD_SOUNDS', 'CHANNEL_INFO']);
/** What is said about the session itself. */
const OF_SESSION: ReadonlySet<string> = new Set(['READY', 'RESUMED']);

export const isAnswer = ({ t }: Dispatch): boolean => ANSWERS.has(t);

const contentOf = ({ t, d }: Dispatch): string => `${t} ${JSON.stringify(d)}`;

export class HandOver {
  readonly #old: ShardSet;
  readonly #next: ShardSet;
  readonly #host: Host;
  readonly #broken = Promise.withResolvers<never>();
  /** What the old set has handed out, and how often. */
  readonly #handedOut = new Map<string, number>();
  #kept: Kept[] = [];
  #aside: Kept[] = [];
  #phase: Phase = 'watching';

  constructor(old: ShardSet, next: ShardSet, host: Host) {
    this.#old = old;
    this.#next = next;
    this.#host = host;
    this.#broken.promise.catch(() => undefined);
  }

  /** Settles with whether the new set is in service. Never rejects. */
  async run(): Promise<boolean> {
    try {
      await this.#allCaughtUp(this.#next);
      this.#enter('overlapping');
      await this.#allCaughtUp(this.#old);
      this.#enter('frozen');
      this.#old.ledger.isFrozen = true;
      await this.#allCaughtUp(this.#next);
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
    this.#enter('over');
    this.#old.ledger.isFrozen = false;
    const aside = this.#aside;
    this.#aside = [];
    for (const { row, dispatch } of aside) this.#host.deliver(row, dispatch);
    this.#broken.reject(new Error('the hand-over was cancelled'));
  }

  /** A shard has changed its state: one that is not ready may receive less than its set should. */
  changed(set: ShardSet): void {
    const isNeeded = set === this.#next ? this.#phase !== 'over' : ['watching', 'overlapping'].includes(this.#phase);
    if (isNeeded && !(set === this.#next ? set.isReady : set.isAtEase)) this.cancel();
  }

  fromOld(row: LedgerRow, dispatch: Dispatch): void {
    if (this.#phase === 'frozen' && !isAnswer(dispatch)) {
      this.#aside.push({ row, dispatch });
      return;
    }
    if (!isAnswer(dispatch) && !OF_SESSION.has(dispatch.t)) this.#takeDown(dispatch);
    this.#host.deliver(row, dispatch);
  }

  fromNext(row: LedgerRow, dispatch: Dispatch): void {
    if (this.#phase === 'watching' || isAnswer(dispatch) || OF_SESSION.has(dispatch.t)) return;
    this.#kept.push({ row, dispatch });
  }

  #enter(phase: Phase): void {
    if (this.#phase === 'over') throw new Error('the hand-over is over');
    this.#phase = phase;
  }

  #takeDown(dispatch: Dispatch): void {
    const content = contentOf(dispatch);
    this.#handedOut.set(content, (this.#handedOut.get(content) ?? 0) + 1);
  }

  async #allCaughtUp(set: ShardSet): Promise<void> {
    await Promise.race([Promise.all(set.live.map((handle) => handle.caughtUp())), this.#broken.promise]);
  }

  #finish(): void {
    const kept = this.#kept.filter(({ dispatch }) => !this.#wasHandedOut(dispatch));
    this.#enter('over');
    this.#host.flip(kept);
  }

  #wasHandedOut(dispatch: Dispatch): boolean {
    const content = contentOf(dispatch);
    const count = this.#handedOut.get(content) ?? 0;
    // What concerns no guild comes to every shard, or to one; the sets do not have the same number of them.
    if (guildOf(dispatch) !== null && count > 0) this.#handedOut.set(content, count - 1);
    return count > 0;
  }
}
