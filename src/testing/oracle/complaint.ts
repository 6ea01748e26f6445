/** What the oracle has to say about a client. */
import type { OracleRule } from './oracle-rules.ts';

/** A breach of one rule by a client. */
export interface Complaint {
  readonly rule: OracleRule;
  /** What the client did, in words; never with its token. */
  readonly what: string;
  /** {@link OracleConnection.index} of the connection it was done on. */
  readonly connection: number;
  /** When it was noticed, in milliseconds of the oracle's clock. */
  readonly at: number;
}
