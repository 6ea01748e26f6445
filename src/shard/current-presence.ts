/**
 * The presence that IDENTIFY carries. A presence that Discord refuses must not be in it: the session would end with
 * each new connection.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';

export class CurrentPresence {
  #latest: GatewayPresenceUpdateData | undefined;
  #accepted: GatewayPresenceUpdateData | undefined;

  constructor(initial: GatewayPresenceUpdateData | undefined) {
    this.#latest = initial;
  }

  /** The latest presence that Discord has not refused. */
  get value(): GatewayPresenceUpdateData | undefined {
    return this.#latest;
  }

  set(presence: GatewayPresenceUpdateData): void {
    this.#latest = presence;
  }

  /** Called when Discord has read a frame with this presence and went on. */
  accept(): void {
    this.#accepted = this.#latest;
  }

  /** Called when Discord refused a frame with this presence. Returns whether there was one to drop. */
  refuse(): boolean {
    if (this.#latest === undefined) return false;
    // If the accepted one is what was refused now, it is not acceptable any more.
    this.#accepted = this.#accepted === this.#latest ? undefined : this.#accepted;
    this.#latest = this.#accepted;
    return true;
  }
}
