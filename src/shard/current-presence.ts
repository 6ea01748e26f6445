/**
 * The presence that IDENTIFY carries. A presence that Discord refuses must not be in it: the session would end with
 * each new connection.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { util } from '../node-modules.ts';
import { Opcodes } from '../protocol/opcodes.ts';

/** The frames that carry a presence. */
export const CARRIES_PRESENCE: ReadonlySet<number> = new Set([Opcodes.Identify, Opcodes.PresenceUpdate]);

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

  /** A frame with this opcode was sent. */
  onSent(opcode: number): void {
    if (CARRIES_PRESENCE.has(opcode)) this.#sent = this.#latest;
  }

  /** Discord has read a frame with this opcode and went on. */
  onAccepted(opcode: number): void {
    if (CARRIES_PRESENCE.has(opcode)) this.#accepted = this.#sent;
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
    if (util.isDeepStrictEqual(this.#accepted, refused)) this.#accepted = undefined;
    if (!util.isDeepStrictEqual(this.#latest, refused)) return false;
    this.#latest = this.#accepted ?? instead;
    return true;
  }
}
