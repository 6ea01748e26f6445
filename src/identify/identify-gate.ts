/**
 * The port through which every IDENTIFY passes: Discord lets one through per 5 s and rate-limit key, and a
 * limited number a day.
 * @see https://discord.com/developers/docs/events/gateway#identifying
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
export interface IdentifyRequest {
  shardId: number;
  /** Gives the place in the queue back when aborted; `acquire` then rejects. */
  signal: AbortSignal;
  /** Told once when the daily budget is spent and this request has to wait for its reset. */
  onBudgetSpent?: (retryAfterMs: number) => void;
}

export interface IdentifyPermit {
  /** The IDENTIFY frame has left: the spacing counts from now. */
  sent(): void;
  /** It will not be sent: the permit and its place in the budget go back. No effect after `sent()`. */
  release(): void;
}

export interface IdentifyGate {
  /** Waits for the turn of this shard. Rejects only when aborted, or when the gate itself can't work. */
  acquire(request: IdentifyRequest): Promise<IdentifyPermit>;
}
