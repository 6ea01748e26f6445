/**
 * Publishes the dispatches of one shard. One call to the engine is under way at a time; what arrives meanwhile goes into
 * the next one. What waits counts as not delivered, so that a node that takes the shard over gets it again.
 */
import { util } from '../../node-modules.ts';
import type { Dispatch } from '../../protocol/packets.ts';
import { isCount } from '../../protocol/validation.ts';
import { guildIdInPacket } from '../../decoding/packet-guild.ts';
import type { Session } from '../../session/session.ts';
import type { CommitResult, PublishedDispatch } from '../ports/session-journal.ts';
import { isFenced, unexpectedError } from '../engine-errors.ts';
import type { HeldShard } from './held-shard.ts';
import { PublishStep } from './publish-step.ts';
import type { PublishStepKind } from './publish-step.ts';
import type { ResolvedPublish } from './publish-options.ts';
import { RecentCommits } from './recent-commits.ts';
import type { NodeSeat, PublishedPart } from './session-recorder.ts';

/** How long a sequence may wait to be stored if there is nothing to publish. */
const ADVANCE_MS = 1_000;
const RETRY = { firstMs: 100, maxMs: 5_000 };

export class ShardPublisher {
  readonly #seat: NodeSeat;
  readonly #publish: ResolvedPublish;
  readonly #held: HeldShard;
  readonly #recent: RecentCommits;
  #steps: PublishStep[] = [];
  /** The session of the last step, and how far its dispatches have been taken. */
  #session: Session | null;
  #taken: number;
  /** How far they had been taken before a rewind. What is higher is from the connection before, until the replay begins. */
  #rewoundFrom: number | null = null;
  #isStoring = false;
  #isDropped = false;
  #failures = 0;
  #timer: unknown;
  #flushed: (() => void)[] = [];

  constructor(seat: NodeSeat, publish: ResolvedPublish, held: HeldShard) {
    this.#seat = seat;
    this.#publish = publish;
    this.#held = held;
    this.#session = held.stored;
    this.#taken = held.stored?.sequence ?? -1;
    this.#recent = new RecentCommits(() => seat.held.size);
    for (const entry of held.takeUnread()) this.#recent.add(entry.sequence - 1, [entry]);
  }

  /** Adds a dispatch. The caller calls {@link pump} later. */
  push(session: Session | null, dispatch: Dispatch, what: PublishedPart = 'all'): void {
    const { t, s } = dispatch;
    // Some gateways send a RESUMED without a sequence, whatever the types say.
    if (!isCount(s) || this.#isDropped) return;
    if (session !== null && session.sessionId !== this.#session?.sessionId) this.#begin(session, Math.max(0, s - 1));
    if (this.#rewoundFrom !== null && s > this.#rewoundFrom && t !== 'RESUMED') return;
    this.#rewoundFrom = null;
    if (this.#session === null || s <= this.#taken) return;
    this.#taken = s;
    const last = this.#steps.at(-1);
    const opens = t === 'READY' && last?.kind === 'open' && !last.isSent;
    const step = opens ? last : this.#lastCommit(this.#session);
    step.sequence = s;
    if (what === 'position' || this.#publish.events?.has(t) === false) return;
    const { raw } = dispatch;
    const guildId = guildIdInPacket(t, raw);
    step.entries.push({ sequence: s, t, guildId, bytes: raw });
    step.bytes += raw.byteLength;
    this.#seat.host.budget.add(raw.byteLength);
  }

  /** Stores other fields of the session, or a session that has begun. Its own sequence does not count. */
  save(session: Session): void {
    if (this.#isDropped) return;
    const before = this.#session;
    // READY has not come here yet, but its sequence counts already.
    if (session.sessionId !== before?.sessionId) this.#begin(session, Math.max(0, session.sequence - 1));
    else if (!util.isDeepStrictEqual({ ...before, sequence: 0 }, { ...session, sequence: 0 }))
      this.#lastCommit(session).changed = session;
    else return;
    this.#session = session;
    this.pump();
  }

  clear(): void {
    if (this.#session === null) return;
    this.#addStep('clear', this.#session, this.#taken);
    this.#session = null;
    this.#taken = -1;
    this.pump();
  }

  /** Stores what waits, unless a call is under way. */
  pump(): void {
    if (!this.#isStoring) void this.#store();
  }

  flush(): Promise<void> {
    if (this.#steps.length === 0 || this.#isDropped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushed.push(resolve);
      this.pump();
    });
  }

  drop(): void {
    this.#isDropped = true;
    this.#seat.host.clock.clearTimeout(this.#timer);
    this.#remove(this.#steps);
    this.#settleFlushed();
  }

  /** Adds a step that shows how far the engine is, if none waits. */
  onBroken(): void {
    if (this.#session !== null && this.#steps.length === 0) this.#addStep('commit', this.#session, this.#taken);
  }

  get isIdle(): boolean {
    return this.#steps.length === 0 && !this.#isStoring;
  }

  beforeRestore(): void {
    const { stored } = this.#held;
    const { base } = this.#recent;
    if (stored !== null && base !== null && base < stored.sequence) this.#repeatAfter(base, stored);
  }

  /** The oldest sequence of the session that is not stored. */
  get lowestSequence(): number | null {
    const { stored } = this.#held;
    if (this.#session === null || this.#steps.length === 0) return null;
    if (stored?.sessionId === this.#session.sessionId) return stored.sequence + 1;
    const first = this.#steps.find(({ session }) => session.sessionId === this.#session?.sessionId);
    return first === undefined ? null : (first.entries[0]?.sequence ?? first.sequence);
  }

  #begin(session: Session, sequence: number): void {
    this.#session = session;
    this.#taken = sequence;
    this.#rewoundFrom = null;
    this.#addStep('open', session, sequence);
  }

  #lastCommit(session: Session): PublishStep {
    const last = this.#steps.at(-1);
    return last?.takes(session.sessionId) === true ? last : this.#addStep('commit', session, this.#taken);
  }

  #addStep(kind: PublishStepKind, session: Session, sequence: number): PublishStep {
    const step = new PublishStep(kind, session, { sequence, now: this.#seat.host.clock.now() });
    this.#steps.push(step);
    return step;
  }

  async #store(): Promise<void> {
    this.#isStoring = true;
    const { clock } = this.#seat.host;
    clock.clearTimeout(this.#timer);
    try {
      for (let step = this.#steps[0]; step !== undefined && !this.#isDropped; step = this.#steps[0]) {
        const waitMs = step.isAdvance && this.#flushed.length === 0 ? step.createdAt + ADVANCE_MS - clock.now() : 0;
        if (waitMs > 0) return this.#pumpAfter(waitMs);
        step.isSent = true;
        const result = await this.#call(step);
        if (this.#isDropped) return;
        if (result !== null) await this.#onResult(step, result);
        // A lease that is forgotten again and again must not become a loop without a pause.
        if (result?.kind === 'forgotten') this.#failures += 1;
        else this.#failures = 0;
        if (this.#failures > 1) return this.#pumpAfter(this.#retryMs);
      }
      this.#settleFlushed();
    } catch (cause) {
      this.#onError(cause);
    } finally {
      this.#isStoring = false;
    }
  }

  /** Resolves with `null` for a step without a result. */
  async #call(step: PublishStep): Promise<CommitResult | null> {
    const { journal } = this.#seat.connection;
    const { lease, stored } = this.#held;
    const { bounds } = this.#publish;
    const { session, sequence, entries } = step;
    if (step.kind === 'clear') {
      await journal.clear(lease);
      this.#held.stored = null;
      this.#recent.clear();
      this.#remove([step]);
      return null;
    }
    if (step.kind === 'open') return journal.open(lease, { ...session, sequence }, entries, bounds);
    if (stored?.sessionId !== session.sessionId) return { kind: 'otherSession' };
    const changed = step.changed === null ? {} : { session: step.changed };
    return journal.commit(lease, {
      sessionId: session.sessionId,
      base: stored.sequence,
      sequence,
      entries,
      bounds,
      ...changed,
    });
  }

  async #onResult(step: PublishStep, result: CommitResult): Promise<void> {
    switch (result.kind) {
      case 'stored':
        return this.#onStored(step);
      case 'forgotten':
        return this.#seat.restore(this.#held);
      case 'otherSession':
        return this.#open(step);
      case 'behind':
        // A restore may have put other steps in front meanwhile, which repeat what is missing.
        return this.#steps[0] === step ? this.#onBehind(step, result.sequence) : undefined;
    }
  }

  /** Begins the session of a step where the engine has another one, with all of it that is remembered. */
  #open(step: PublishStep): void {
    const { session, createdAt: now } = step;
    this.beforeRestore();
    const { stored } = this.#held;
    const base = stored?.sessionId === session.sessionId ? stored.sequence : step.base;
    this.#steps.unshift(new PublishStep('open', session, { sequence: base, now, repeated: true }));
  }

  #onStored(step: PublishStep): void {
    const { stored } = this.#held;
    const isSame = stored?.sessionId === step.session.sessionId;
    const base = isSame ? stored.sequence : Math.max(0, step.base);
    if (!isSame) this.#recent.clear();
    const session = step.changed ?? (isSame ? stored : step.session);
    this.#held.stored = { ...session, sequence: isSame ? Math.max(stored.sequence, step.sequence) : step.sequence };
    if (!step.isRepeated) this.#recent.add(base, step.entries);
    this.#remove([step]);
  }

  /** The engine came back with an older state of this session. */
  #onBehind(step: PublishStep, sequence: number): void {
    const { stored } = this.#held;
    const { session, entries } = step;
    const known = stored?.sessionId === session.sessionId ? stored : null;
    if (step.kind === 'open') this.#remove([step]);
    const missing = entries.filter((entry) => entry.sequence > sequence);
    if (step.kind === 'open' && entries.length > 0) this.#repeat(session, step.sequence, missing);
    else if (known !== null && this.#repeatAfter(sequence, known)) return;
    else this.#rewind(session, sequence);
    this.#held.stored = { ...(known ?? session), sequence };
  }

  /** Fetches what is missing from Discord. What waits comes again with it. */
  #rewind({ sessionId }: Session, sequence: number): void {
    this.#remove(this.#steps.filter(({ session }) => session.sessionId === sessionId));
    this.#recent.clear();
    if (this.#session?.sessionId !== sessionId) return;
    this.#rewoundFrom ??= this.#taken;
    this.#taken = sequence;
    this.#seat.host.rewindShard(this.#held.shardId, sequence);
  }

  /** Returns whether everything after a sequence of the stored session is remembered; it is then stored again. */
  #repeatAfter(sequence: number, stored: Session): boolean {
    const entries = this.#recent.after(sequence);
    if (entries === null) return false;
    this.#repeat(stored, stored.sequence, entries);
    this.#held.stored = { ...stored, sequence };
    return true;
  }

  #repeat(session: Session, sequence: number, entries: readonly PublishedDispatch[]): void {
    const now = this.#seat.host.clock.now();
    const step = new PublishStep('commit', session, { sequence, now, repeated: true });
    step.entries.push(...entries);
    step.changed = session;
    this.#steps.unshift(step);
  }

  #onError(cause: unknown): void {
    if (this.#isDropped) return;
    if (isFenced(cause)) return this.#seat.onFenced(this.#held);
    this.#failures += 1;
    const error = unexpectedError(cause);
    if (error !== null && this.#failures === 1) this.#seat.host.reportFault(error, this.#held.shardId);
    this.#pumpAfter(this.#retryMs);
  }

  get #retryMs(): number {
    return Math.min(RETRY.maxMs, RETRY.firstMs * 2 ** Math.min(10, this.#failures - 1));
  }

  #pumpAfter(ms: number): void {
    const { clock } = this.#seat.host;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.pump(), ms);
  }

  #remove(steps: readonly PublishStep[]): void {
    const removed = new Set(steps);
    for (const { bytes } of removed) this.#seat.host.budget.remove(bytes);
    this.#steps = this.#steps.filter((step) => !removed.has(step));
  }

  #settleFlushed(): void {
    const flushed = this.#flushed;
    this.#flushed = [];
    for (const resolve of flushed) resolve();
  }
}
