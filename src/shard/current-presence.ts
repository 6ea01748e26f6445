/**
 * The presence that IDENTIFY carries. A presence that Discord refuses must not be in it: the session would end with
 * each new connection.
 */
import { isDeepStrictEqual } from 'node:util';
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';

export class CurrentPresence {
  #latest: GatewayPresenceUpdateData | undefined;
  #sent: GatewayPresenceUpdateData | undefined;
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

  /** Called when a frame with the latest presence was sent. */
  markSent(): void {
    this.#sent = this.#latest;
  }

  /** Called when Discord has read that frame and went on. */
  accept(): void {
    this.#accepted = this.#sent;
  }

  /** What the last frame with a presence carried; `undefined` if it had none. */
  get sent(): GatewayPresenceUpdateData | undefined {
    return this.#sent;
  }

  /**
   * Discord refused a presence, on this shard or on another one. Returns whether it was the latest.
   * @param instead - the one of the manager, for a shard that Discord has accepted none of
   */
  drop(refused: GatewayPresenceUpdateData, instead?: GatewayPresenceUpdateData): boolean {
    // It may have accepted it before.
    if (isDeepStrictEqual(this.#accepted, refused)) this.#accepted = undefined;
    if (!isDeepStrictEqual(this.#latest, refused)) return false;
    this.#latest = this.#accepted ?? instead;
    return true;
  }
}
