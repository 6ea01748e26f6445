/** What the oracle reports about a client. */
import type { OracleRule } from './oracle-rules.ts';

/** One breach of a rule by a client. */
export interface Complaint {
  /** The name of the rule in {@link ORACLE_RULES}. */
  readonly rule: OracleRule;
  /** A sentence that says what the client did. It does not contain the token. */
  readonly what: string;
  /** {@link OracleConnection.index} of the connection. */
  readonly connection: number;
  /** When the oracle noticed the breach, in milliseconds of its clock. */
  readonly at: number;
}
