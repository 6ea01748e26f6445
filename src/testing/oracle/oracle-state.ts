/** What the connections of one gateway share: settings, sessions, session starts, and the book of complaints. */
import type { Complaint } from './complaint.ts';
import type { OracleOptions, OracleSettings } from './oracle-options.ts';
import { oracleSettings } from './oracle-options.ts';
import { SessionRecords } from './session-records.ts';
import { SessionStartRules } from './session-start-rules.ts';

/** A client that breaks a rule may break it for ever. */
const MAX_COMPLAINTS = 1000;

export class OracleState {
  readonly settings: OracleSettings;
  readonly sessions = new SessionRecords();
  readonly startRules: SessionStartRules;
  readonly complaints: Complaint[] = [];
  /** Closes with 1000 or 1001 without an op 9 before. */
  discards = 0;
  #token: unknown = null;

  constructor(options: OracleOptions) {
    this.settings = oracleSettings(options);
    this.startRules = new SessionStartRules(this.settings);
  }

  /** Whether this is the token of all IDENTIFYs and RESUMEs before. */
  isSameToken(token: unknown): boolean {
    this.#token ??= token;
    return this.#token === token;
  }

  addComplaint(complaint: Complaint): void {
    if (this.complaints.length < MAX_COMPLAINTS) this.complaints.push(complaint);
  }
}
