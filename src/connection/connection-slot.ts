/**
 * The one line a shard has to the gateway: its current connection, and the permit for the IDENTIFY about to be sent
 * on it. The actors come and go with states of the chart; the line is what one hands to the next.
 */
import type { Connection } from './connection.ts';
import type { IdentifyPermit } from '../identify/identify-gate.ts';

export class ConnectionSlot {
  /** The newest connection, also while it is being closed. */
  connection: Connection | null = null;
  #permit: IdentifyPermit | null = null;

  storePermit(permit: IdentifyPermit): void {
    this.#permit?.release();
    this.#permit = permit;
  }

  /** Gives the permit to whoever sends the frame, or gives it back. */
  consumePermit(): IdentifyPermit | null {
    const permit = this.#permit;
    this.#permit = null;
    return permit;
  }
}
