/** The counters of a gateway, and the list of what clients did wrong. */
import type { RejectCode } from './close-codes.ts';

/** Something that a client did against Discord's documentation. */
export interface Violation {
  /** The close code of the gateway; `null` when it answered with op 9 or HTTP 400, or only recorded the violation. */
  readonly code: RejectCode | null;
  /** A sentence that says what the client did. */
  readonly what: string;
  /** {@link FakeConnection.index} of the connection; `null` for a request that never became one. */
  readonly connection: number | null;
  /** When the gateway noticed it, in milliseconds of its clock. */
  readonly at: number;
}

/** Counters since the gateway began to listen. */
export interface FakeGatewayStats {
  /** IDENTIFYs that the gateway accepted. Each used one session start. */
  readonly identifies: number;
  /** RESUMEs that the gateway accepted. */
  readonly resumes: number;
  /** Heartbeats received. */
  readonly heartbeats: number;
  /** Dispatches that got a sequence, over all sessions. A replay does not count them again. */
  readonly dispatched: number;
  /** Dispatches sent again after a RESUME. */
  readonly replayed: number;
  /** What clients did wrong, in the order it was noticed. */
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
