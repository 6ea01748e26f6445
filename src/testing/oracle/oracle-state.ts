/** What the connections of one gateway share: settings, sessions, session starts, and complaints. */
import type { Complaint } from './complaint.ts';
import type { OracleOptions, OracleSettings } from './oracle-options.ts';
import { oracleSettings } from './oracle-options.ts';
import { SessionRecords } from './session-records.ts';
import { SessionStartRules } from './session-start-rules.ts';

/** A client may break a rule with every frame. The limit bounds memory. */
const MAX_COMPLAINTS = 1000;

export class OracleState {
  readonly settings: OracleSettings;
  readonly sessions = new SessionRecords();
  readonly startRules: SessionStartRules;
  readonly complaints: Complaint[] = [];
  /** How often a client closed with 1000 or 1001 without an op 9 `false` before. */
  discards = 0;
  #token: unknown = null;

  constructor(options: OracleOptions) {
    this.settings = oracleSettings(options);
    this.startRules = new SessionStartRules(this.settings);
  }

  /** Whether all IDENTIFYs and RESUMEs so far had this token. */
  isSameToken(token: unknown): boolean {
    this.#token ??= token;
    return this.#token === token;
  }

  addComplaint(complaint: Complaint): void {
    if (this.complaints.length < MAX_COMPLAINTS) this.complaints.push(complaint);
  }
}
