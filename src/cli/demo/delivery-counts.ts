/** What the book of dispatches comes to, of one shard or of many. */
export interface DeliveryCounts {
  readonly sent: number;
  /** Each counted once. */
  readonly received: number;
  /** Skipped: something sent later has come. */
  readonly missing: number;
  /** Sent after the last that came: on the way, or kept by the gateway for a resume. */
  readonly outstanding: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  /** How many went wrong in any way. */
  readonly flaws: number;
}

type CountName = keyof DeliveryCounts;

/** The sums over several, as they are when they are asked for. */
export const sumCounts = (counts: readonly DeliveryCounts[]): DeliveryCounts => {
  const sum = (name: CountName): number => counts.reduce((total, count) => total + count[name], 0);
  return {
    get sent() {
      return sum('sent');
    },
    get received() {
      return sum('received');
    },
    get missing() {
      return sum('missing');
    },
    get outstanding() {
      return sum('outstanding');
    },
    get duplicates() {
      return sum('duplicates');
    },
    get outOfOrder() {
      return sum('outOfOrder');
    },
    get flaws() {
      return sum('flaws');
    },
  };
};
