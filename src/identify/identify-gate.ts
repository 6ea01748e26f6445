/**
 * The port through which every IDENTIFY passes. Discord accepts one IDENTIFY per 5 s and `max_concurrency` key, and a
 * limited number of session starts a day.
 * @see https://discord.com/developers/docs/events/gateway#identifying
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
import { GatewayError } from '../protocol/errors.ts';
import { isObject } from '../protocol/validation.ts';

/** Asks for the permit to send one IDENTIFY. */
export interface IdentifyRequest {
  shardId: number;
  /** When it aborts, the request leaves the queue and `acquire()` rejects. */
  signal: AbortSignal;
  /** Called at most once, if no session starts are left and this request has to wait for the reset, in ms. */
  onBudgetSpent?: (retryAfterMs: number) => void;
}

/** A request of this library. What a permit throws is reported where it is used. */
export interface GuardedIdentifyRequest extends IdentifyRequest {
  /** Called with what `sent()` or `release()` of the permit threw or rejected with. */
  onPermitFailed?: (cause: unknown) => void;
}

/** The right to send one IDENTIFY. The shard calls exactly one of the two methods. */
export interface IdentifyPermit {
  /** Call it when the IDENTIFY has been sent: the spacing to the next one counts from now. */
  sent(): void;
  /** Returns an unused permit and its session start. Has no effect after `sent()`. */
  release(): void;
}

/** The session starts of the current 24 h period. */
export interface IdentifyBudget {
  readonly total: number;
  readonly remaining: number;
  /** Time until `remaining` is `total` again, in ms. */
  readonly resetAfterMs: number;
}

/**
 * Decides which shard may identify, and when. One gate serves all shards of a bot: in one process a
 * `MemoryIdentifyGate`, in several your own implementation. The optional members feed the inspector, the status and
 * `shardwright:identify`.
 */
export interface IdentifyGate {
  /** Resolves when it is the turn of this shard. Rejects only when aborted, or when the gate itself fails. */
  acquire(request: IdentifyRequest): Promise<IdentifyPermit>;
  /** Number of requests in the queue. */
  readonly waiting?: number | undefined;
  /** `null` when the gate does not know it. */
  readonly budget?: IdentifyBudget | null | undefined;
  /** Time from one IDENTIFY to the next of the same key, in ms. The manager estimates the time of a start with it. */
  readonly spacingMs?: number | undefined;
}

/** The queue and the budget of an identify gate, as an inspector sees them. */
export interface IdentifyQueue extends IdentifyBudget {
  /** Number of requests in the queue. */
  readonly waiting: number;
}

/** Returns what an inspector may see of a gate; `null` when the gate, a user's, lacks one of the two optional members. */
export const inspectIdentifyGate = ({ waiting, budget }: IdentifyGate): IdentifyQueue | null =>
  typeof waiting === 'number' && isObject(budget) ? { waiting, ...budget } : null;

export const permitFailedError = (cause: unknown): GatewayError =>
  new GatewayError('IDENTIFY_PERMIT_FAILED', 'a permit of the identify gate failed', { cause });
