/**
 * The session of a running shard. The sequence changes with every dispatch, so it is kept here and not in the
 * statechart: the fast lane writes it, heartbeats and RESUME read it.
 */
import { createHash } from 'node:crypto';
import type { SessionIdentity } from '../../machines/index.ts';
import { identityOf } from '../protocol/lifecycle-packets.ts';
import { isCount } from '../protocol/validation.ts';
import { botIn, deliveredBefore } from './session.ts';
import type { BotIdentity, Session } from './session.ts';
import type { OriginField, SessionOrigin } from './session-origin.ts';

export interface CurrentSessionOptions {
  /** What the sessions of this shard belong to; `null` compares nothing. */
  readonly origin: SessionOrigin | null;
  /** Called when a session of another origin is not restored. */
  readonly onMismatch: (field: OriginField) => void;
  /** Called when the sequence to store has advanced. */
  readonly onDelivered: () => void;
}

const ignored = (): void => undefined;
const DEFAULTS: CurrentSessionOptions = { origin: null, onMismatch: ignored, onDelivered: ignored };

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** To ask about one of them, a few are enough: a shard may have 2,500. */
const MAX_GUILD_IDS = 5;

/** A dispatch that has ended this many connections is skipped, or its replay would end every connection. */
const MAX_FAILURES = 3;
/** So many dispatches of one session are remembered for that. */
const MAX_FAILED = 16;

export class CurrentSession {
  readonly #shardId: number;
  readonly #shardCount: number;
  readonly #options: CurrentSessionOptions;
  #identity: SessionIdentity | null = null;
  #sequence: number | null = null;
  /** The sequence up to which listeners have been called. */
  #deliveredSequence: number | null = null;
  /**
   * How many connections each dispatch has ended, by its sequence. A replay may repeat more than one of them. `null`
   * without one.
   */
  #failures: Map<number, number> | null = null;
  /** Who the bot is. */
  #bot: BotIdentity = {};
  /** Some guilds of READY; empty after a restart. */
  #guildIds: readonly string[] = [];
  /** The digest of the presence that was sent last on this session; `null` if none was, or if it is unknown. */
  #presence: string | null = null;
  /** Whether another process has had the shard since. The store may have another session, or a later sequence. */
  #isOutdated = false;
  /** What {@link sessionForStore} returned last: at each ACK it is asked for, and most have changed nothing. */
  #forStore: Session | null = null;

  constructor(shardId: number, shardCount: number, options = DEFAULTS) {
    this.#shardId = shardId;
    this.#shardCount = shardCount;
    this.#options = options;
  }

  get identity(): SessionIdentity | null {
    return this.#identity;
  }

  get id(): string | null {
    return this.#identity?.sessionId ?? null;
  }

  /** Who the bot is, as far as READY or the store said. */
  get bot(): BotIdentity {
    return this.#bot;
  }

  /** A few guilds of the bot, as READY listed them. */
  get guildIds(): readonly string[] {
    return this.#guildIds;
  }

  /** The sequence received last; `null` before the first. */
  get sequence(): number | null {
    return this.#sequence;
  }

  get session(): Session | null {
    return this.#isOutdated ? null : this.#sessionAt(this.#sequence);
  }

  /** Whether there is a session that may be resumed without a look into the store. */
  get isCurrent(): boolean {
    return this.#identity !== null && !this.#isOutdated;
  }

  /**
   * Returns the session if it is the one that the statechart knows, else `null`. They differ while a listener has
   * passed another session that the statechart has not processed yet. That session gets another connection.
   */
  sessionIf(identity: SessionIdentity | null): Session | null {
    return identity === this.#identity ? this.#sessionAt(this.#sequence) : null;
  }

  /**
   * Returns the session to store: its sequence is never ahead of the dispatches that were delivered, nor of one that is
   * still buffered for a consumer.
   */
  sessionForStore(lowestPending: number | null): Session | null {
    if (this.#isOutdated) return null;
    const sequence = deliveredBefore(this.#deliveredSequence ?? 0, lowestPending);
    if (this.#forStore?.sequence !== sequence) this.#forStore = this.#sessionAt(sequence);
    return this.#forStore;
  }

  #sessionAt(sequence: number | null): Session | null {
    if (this.#identity === null) return null;
    return {
      ...this.#identity,
      sequence: sequence ?? 0,
      shardId: this.#shardId,
      shardCount: this.#shardCount,
      ...this.#options.origin?.fieldsFor(this.#identity.sessionId),
      ...(this.#presence === null ? {} : { presence: this.#presence }),
      ...this.#bot,
    };
  }

  /** The payload of a presence was sent; `null`: IDENTIFY was sent without one. */
  recordPresence(payload: string | null): void {
    this.#presence = payload === null ? null : digestOf(payload);
    this.#forStore = null;
  }

  /** USER_UPDATE came. */
  recordUser(data: unknown): void {
    const user = identityOf(data);
    if (user !== null) this.recordBot({ user: { ...this.#bot.user, ...user } });
  }

  /** READY says who the bot is. */
  recordBot(bot: BotIdentity): void {
    this.#bot = { ...this.#bot, ...bot };
    this.#forStore = null;
  }

  /** READY says in which guilds the bot is. */
  recordGuilds(guildIds: readonly string[]): void {
    this.#guildIds = guildIds.slice(0, MAX_GUILD_IDS);
  }

  /** Whether this payload is the presence that was sent last. */
  hasPresence(payload: string): boolean {
    return this.#presence === digestOf(payload);
  }

  /**
   * Called for every dispatch. Within a session the sequence never goes back, whatever the gateway sends. A value that
   * is not an integer from 0 to `Number.MAX_SAFE_INTEGER` is no sequence.
   */
  recordSequence(sequence: unknown): void {
    if (isCount(sequence) && (this.#sequence === null || sequence > this.#sequence)) this.#sequence = sequence;
  }

  /** Returns whether the dispatch with this sequence has been received. In a replay it is a repetition. */
  hasReceived(sequence: unknown): boolean {
    return isCount(sequence) && this.#sequence !== null && sequence <= this.#sequence;
  }

  /** A dispatch ended its connection, because it could not be read or handled. A resume repeats it. */
  recordFailure(sequence: number): void {
    if (this.#identity === null) return;
    const failures = (this.#failures ??= new Map());
    const count = this.#failuresOf(sequence) + 1;
    failures.delete(sequence);
    failures.set(sequence, count);
    const [oldest] = failures.keys();
    if (failures.size > MAX_FAILED && oldest !== undefined) failures.delete(oldest);
  }

  /** Whether some dispatch has ended a connection, and may have to be skipped. */
  get hasFailures(): boolean {
    return this.#failures !== null && this.#failures.size > 0;
  }

  /** Returns whether this dispatch has ended so many connections that it must be skipped. */
  mustSkip(sequence: unknown): boolean {
    return typeof sequence === 'number' && this.#failuresOf(sequence) >= MAX_FAILURES;
  }

  /** Counts a dispatch as delivered that is skipped. */
  skip(sequence: unknown): void {
    this.recordSequence(sequence);
    this.#deliveredSequence = this.#sequence;
    if (typeof sequence === 'number') this.#failures?.delete(sequence);
  }

  /** The last dispatch turned out to be corrupt, so Discord has to send it again. */
  rollBack(sequence: number | null): void {
    this.#sequence = sequence;
  }

  /** All listeners of the last dispatch have been called. One of them may have changed the session. */
  markDelivered(sessionId: string | null): void {
    if (sessionId !== this.id) return;
    this.#deliveredSequence = this.#sequence;
    this.#options.onDelivered();
  }

  /** Another process has had the shard since. Until another session is restored or begins, this one is not stored. */
  markOutdated(): void {
    this.#isOutdated = this.#identity !== null;
  }

  /** The shard is ready, so its session is the one that Discord continues. */
  confirm(): void {
    this.#isOutdated = false;
  }

  /** READY came. What was received before the first READY of a session does not belong to it. */
  start(identity: SessionIdentity, sequence: unknown): void {
    if (this.#identity?.sessionId !== identity.sessionId) {
      this.#sequence = isCount(sequence) ? sequence : null;
      this.#deliveredSequence = null;
      this.#failures = null;
      this.#bot = {};
      this.#guildIds = [];
    }
    this.#identity = identity;
    this.#isOutdated = false;
    this.#forStore = null;
  }

  /** Takes over a stored session. Returns `null` if it is of another shard, shard count or origin. */
  restore(session: Session | null): SessionIdentity | null {
    this.clear();
    if (session === null || session.shardCount !== this.#shardCount || session.shardId !== this.#shardId) return null;
    const mismatch = this.#options.origin?.mismatchOf(session) ?? null;
    if (mismatch !== null) {
      this.#options.onMismatch(mismatch);
      return null;
    }
    this.#identity = { sessionId: session.sessionId, resumeUrl: session.resumeUrl };
    this.#sequence = session.sequence;
    this.#deliveredSequence = session.sequence;
    this.#presence = session.presence ?? null;
    this.#bot = botIn(session);
    return this.#identity;
  }

  clear(): void {
    this.#identity = null;
    this.#sequence = null;
    this.#deliveredSequence = null;
    this.#presence = null;
    this.#bot = {};
    this.#guildIds = [];
    this.#failures = null;
    this.#isOutdated = false;
    this.#forStore = null;
  }

  #failuresOf(sequence: number): number {
    return this.#failures?.get(sequence) ?? 0;
  }
}
