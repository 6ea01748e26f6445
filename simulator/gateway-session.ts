/** A session of the gateway. It logs all its dispatches, so that checks can compare what the listeners received. */
export interface LoggedDispatch {
  readonly s: number;
  readonly t: string;
  /** `sim: [sessionId, index]` identifies the dispatch in checks. Events of guilds have a number instead. */
  readonly d: Record<string, unknown>;
}

/** The connection through which a session sends. */
export interface SessionConnection {
  sendPending(): void;
  drop(): void;
}

export class GatewaySession {
  readonly id: string;
  readonly shardId: number;
  /** The shard count of its IDENTIFY. */
  readonly shardCount: number;
  readonly log: LoggedDispatch[] = [];
  sequence = 0;
  /** Why the session has ended; `null` while it lives. */
  endedBy: string | null = null;
  connection: SessionConnection | null = null;
  detachedAt = 0;

  readonly #isTagged: boolean;

  /** @param isTagged - whether dispatches carry `sim` */
  constructor(id: string, [shardId, shardCount]: readonly [number, number], isTagged: boolean) {
    this.id = id;
    this.shardId = shardId;
    this.shardCount = shardCount;
    this.#isTagged = isTagged;
  }

  dispatch(t: string, d: Record<string, unknown>): void {
    if (this.endedBy !== null) return;
    this.sequence += 1;
    this.log.push({ s: this.sequence, t, d: this.#isTagged ? { ...d, sim: [this.id, this.log.length] } : d });
    this.connection?.sendPending();
  }

  /** Returns the index in the log of the first dispatch after a sequence. */
  indexAfter(sequence: number): number {
    let from = 0;
    let to = this.log.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.log[middle]!.s > sequence) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}
