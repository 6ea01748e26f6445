/** A session of the gateway. It logs all its dispatches, so that checks can compare what the listeners received. */
export interface LoggedDispatch {
  readonly s: number;
  readonly t: string;
  /** `sim: [sessionId, index]` identifies the dispatch in checks. Events of guilds have a number instead. */
  readonly d: unknown;
  /** Whether `d` identifies the dispatch. */
  readonly isTagged: boolean;
  /** What is sent instead, if it is no JSON: no replay of it can be read. */
  readonly poison?: string;
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
    const isTagged = this.#isTagged;
    this.#append({ t, d: isTagged ? { ...d, sim: [this.id, this.log.length] } : d, isTagged });
  }

  /** Dispatches data that has no room for a tag, so that checks do not follow it. */
  dispatchOdd(t: string, d: unknown): void {
    this.#append({ t, d, isTagged: false });
  }

  /** Dispatches a message that can't be read. @param data - the text of `d`, with what follows it */
  dispatchPoison(t: string, data: string): void {
    this.#append({ t, d: null, isTagged: false, poison: `{"t":"${t}","s":${this.sequence + 1},"op":0,"d":${data}` });
  }

  #append(dispatch: Omit<LoggedDispatch, 's'>): void {
    if (this.endedBy !== null) return;
    this.sequence += 1;
    this.log.push({ s: this.sequence, ...dispatch });
    this.connection?.sendPending();
  }

  /** Returns the index of the last dispatch that can be followed, of those up to an index. */
  lastTagged(index: number): number {
    let last = index;
    while (last >= 0 && this.log[last]?.isTagged === false) last -= 1;
    return last;
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
