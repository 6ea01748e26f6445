/** A session as the gateway keeps it: everything it ever said in it, numbered, so that a run can be held against it. */
export interface LoggedDispatch {
  readonly s: number;
  readonly t: string;
  /** Carries `sim: [sessionId, index]`, by which a dispatch is known wherever it turns up; events of guilds have a number. */
  readonly d: Record<string, unknown>;
}

/** The connection it speaks through. */
export interface SessionConnection {
  sendPending(): void;
  drop(): void;
}

export class GatewaySession {
  readonly id: string;
  readonly shardId: number;
  /** The shard count it was started with. */
  readonly shardCount: number;
  readonly log: LoggedDispatch[] = [];
  sequence = 0;
  /** Why Discord no longer knows it; `null` while it does. */
  endedBy: string | null = null;
  connection: SessionConnection | null = null;
  detachedAt = 0;

  readonly #isTagged: boolean;

  /** @param isTagged - whether what is said in it carries `sim` */
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

  /** The place in the log of what comes after a sequence. */
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
