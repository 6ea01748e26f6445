/** What the gateway counted, and everything clients did wrong. */
import type { RejectCode } from './close-codes.ts';

/** Something a client did against the documentation. */
export interface Violation {
  /** The close code it earned; `null` when it was answered with op 9, or only noted. */
  readonly code: RejectCode | null;
  /** What the client did, in words. */
  readonly what: string;
  /** {@link FakeConnection.index} of the connection; `null` for a request that never became one. */
  readonly connection: number | null;
  /** When, in milliseconds of the gateway's clock. */
  readonly at: number;
}

export interface FakeGatewayStats {
  /** IDENTIFYs that were accepted; each has cost a session start. */
  readonly identifies: number;
  /** RESUMEs that were accepted. */
  readonly resumes: number;
  /** Heartbeats received. */
  readonly heartbeats: number;
  /** Dispatches numbered, over all sessions; replaying does not count again. */
  readonly dispatched: number;
  /** Dispatches sent once more after a RESUME. */
  readonly replayed: number;
  /** Empty as long as every client behaves. */
  readonly violations: readonly Violation[];
}

/** The writable side of {@link FakeGatewayStats}. */
export class Stats implements FakeGatewayStats {
  identifies = 0;
  resumes = 0;
  heartbeats = 0;
  dispatched = 0;
  replayed = 0;
  readonly violations: Violation[] = [];
}
