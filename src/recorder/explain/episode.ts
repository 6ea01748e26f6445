/** A stretch in which one shard was not ready: from the loss of its connection, or its start, until it was ready or stopped. */
import type { RecordFields, RecordOf, RecordingRecord } from '../format/index.ts';

/** How an episode ended. `open`: the recording ends in the middle of it. */
export type EpisodeEnd = 'resumed' | 'newSession' | 'failed' | 'stopped' | 'open';

/** A step of the chart, or another record, in the detail of an incident. */
export type EpisodeRecord = Exclude<RecordingRecord, RecordOf<'header'> | RecordOf<'dispatches'>>;

export interface Episode {
  readonly run: string;
  readonly shard: number;
  /** Whether the shard was ready before; otherwise it was starting. */
  readonly wasReady: boolean;
  readonly startAt: number;
  endAt: number;
  end: EpisodeEnd;
  /** How long the connection had been ready when it was lost; `null` if it was not. */
  readonly readyForMs: number | null;
  readonly heartbeatIntervalMs: number | null;
  /** The options of the shard; `null` if the recording does not say them. */
  readonly options: RecordFields<'shard'>['options'];
  isZombie: boolean;
  readonly losses: (RecordOf<'disconnected'> & { readonly during: string })[];
  readonly faults: RecordOf<'fault'>[];
  failure: RecordOf<'failed'> | null;
  /** Whether an Invalid Session answered a RESUME, or closed it. */
  isResumeRefused: boolean;
  attempts: number;
  identifies: number;
  replayed: number;
  /** When the last dispatch arrived before the episode; `null` if that is not known. */
  readonly lastDispatchAt: number | null;
  /** How long the event loop stood still at the beginning, and how much CPU time it used then. */
  lag: RecordFields<'lag'> | null;
  readonly records: EpisodeRecord[];
}

/** Returns the code of the first loss. */
export const firstLoss = ({ losses }: Episode): Episode['losses'][number] | null => losses[0] ?? null;

export const hasFault = ({ faults }: Episode, ...codes: readonly string[]): boolean =>
  faults.some(({ code }) => codes.includes(code));

export const durationOf = ({ startAt, endAt }: Episode): number => Math.max(0, endAt - startAt);
