/**
 * Holds the current connection of a shard, and the permit for its next IDENTIFY. Actors start and stop with the states
 * of the machine; they pass both on through this slot.
 */
import type { Connection } from './connection.ts';
import type { IdentifyPermit } from '../identify/identify-gate.ts';

export class ConnectionSlot {
  /** The newest connection, also while it is being closed. */
  connection: Connection | null = null;
  #permit: IdentifyPermit | null = null;

  /** The host and port of the proxy that the newest connection goes through; `null` without one. */
  get proxyInUse(): string | null {
    return this.connection?.proxyInUse ?? null;
  }

  storePermit(permit: IdentifyPermit): void {
    this.#permit?.release();
    this.#permit = permit;
  }

  /** Returns the permit once. The caller must call `sent()` or `release()` on it. */
  consumePermit(): IdentifyPermit | null {
    const permit = this.#permit;
    this.#permit = null;
    return permit;
  }
}
