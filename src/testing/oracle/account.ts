/** What the connections of one gateway share: settings, sessions, session starts, and the book of complaints. */
import type { Complaint } from './complaint.ts';
import type { OracleOptions, OracleSettings } from './oracle-options.ts';
import { oracleSettings } from './oracle-options.ts';
import { SessionAccount } from './session-account.ts';
import { StartAccount } from './start-account.ts';

/** A client that breaks a rule may break it for ever. */
const MOST_COMPLAINTS = 1000;

export class Account {
  readonly settings: OracleSettings;
  readonly sessions = new SessionAccount();
  readonly starts: StartAccount;
  readonly complaints: Complaint[] = [];
  /** Closes with 1000 or 1001 without an op 9 before. */
  discards = 0;
  #token: unknown = null;

  constructor(options: OracleOptions) {
    this.settings = oracleSettings(options);
    this.starts = new StartAccount(this.settings);
  }

  /** Whether this is the token of all IDENTIFYs and RESUMEs before. */
  isSameToken(token: unknown): boolean {
    this.#token ??= token;
    return this.#token === token;
  }

  complain(complaint: Complaint): void {
    if (this.complaints.length < MOST_COMPLAINTS) this.complaints.push(complaint);
  }
}
