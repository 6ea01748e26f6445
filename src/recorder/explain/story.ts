/** What `explain` finds in a recording, as plain data: `--json` prints it, and `story-text.ts` puts it into words. */

/** Whether dispatches were lost. `gap`: for a while there was no session, and Discord does not send again what happened. */
export type LossVerdict = 'nothing' | 'gap' | 'unknown';

/** A line of the way through an incident. */
export interface IncidentStep {
  readonly at: number;
  readonly shard: number | null;
  readonly text: string;
}

/** A time in which one shard, several, or the process did not work as they should. */
export interface Incident {
  /** From 1, in the order of time. */
  readonly number: number;
  /** The id of the cause, such as `processBusy`. */
  readonly cause: string;
  readonly title: string;
  /** The shards concerned; empty if it is the process. */
  readonly shards: readonly number[];
  readonly startAt: number;
  readonly endAt: number;
  /** The longest time that one of the shards was not ready. */
  readonly offlineMs: number;
  readonly what: string;
  readonly did: string;
  readonly lost: LossVerdict;
  readonly lostText: string;
  readonly advice: string;
  readonly docs: string;
  readonly steps: readonly IncidentStep[];
}

/** A reason that several incidents have in common. */
export interface Pattern {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly advice: string;
  /** The numbers of the incidents. */
  readonly incidents: readonly number[];
}

export interface StorySummary {
  readonly from: number;
  readonly to: number;
  readonly processes: number;
  readonly shards: number;
  readonly versions: readonly string[];
  /** The part of the time in which shards were ready, from 0 to 1. */
  readonly readyShare: number;
  readonly longestOffline: { readonly shard: number; readonly ms: number } | null;
  /** Incidents by the title of their cause. */
  readonly causes: Readonly<Record<string, number>>;
  readonly closedBy: { readonly gateway: number; readonly shard: number; readonly transport: number };
  readonly resumes: number;
  readonly replayed: number;
  /** Session starts, by what made them necessary. */
  readonly identifies: Readonly<Record<string, number>>;
  readonly dispatches: number;
  /** Dispatches that a sequence says are missing. */
  readonly missing: number;
  /** The time without a session after which Discord repeats nothing. */
  readonly gapMs: number;
  readonly slowestAckMs: number | null;
  readonly longestLagMs: number | null;
  readonly sends: { readonly sent: number; readonly waited: number; readonly longestWaitMs: number };
  /** How often Discord rejected a request, by opcode. */
  readonly rateLimited: Readonly<Record<string, number>>;
}

export interface Story {
  readonly summary: StorySummary;
  readonly patterns: readonly Pattern[];
  readonly incidents: readonly Incident[];
  /** Parts of the recording that could not be read. */
  readonly problems: readonly string[];
}
