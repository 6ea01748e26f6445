/**
 * Asks the gateway for something that it answers with a dispatch: the bot as a member of one of its guilds. The answer
 * distinguishes a quiet shard from one that the gateway no longer serves. It outlives connections, as Discord's limits do.
 * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
 */
import type { Clock } from '../clock.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { CurrentSession } from '../session/current-session.ts';

/** Discord allows one request for members per guild in this time. */
const SPACING_MS = 30_000;

interface DispatchProbeDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  readonly session: CurrentSession;
}

export class DispatchProbe {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #session: CurrentSession;
  #count = 0;
  /** When the next one may be sent. */
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor({ clock, random, session }: DispatchProbeDependencies) {
    this.#clock = clock;
    this.#random = random;
    this.#session = session;
  }

  /** How long the next one has to wait, in ms; `null` if the shard knows no guild to ask about. */
  get waitMs(): number | null {
    const { guildIds, bot } = this.#session;
    if (guildIds.length === 0 || bot.user === undefined) return null;
    return Math.max(0, this.#notBefore - this.#clock.now());
  }

  /** Returns the payload of the next one, for the next guild. */
  next(): string {
    const { guildIds, bot } = this.#session;
    this.#notBefore = this.#clock.now() + SPACING_MS;
    this.#count += 1;
    const d = {
      guild_id: guildIds[this.#count % guildIds.length],
      user_ids: [bot.user?.id],
      // No request of yours has it, so its answer is not taken for one of yours.
      nonce: `probe-${this.#count.toString(36)}-${Math.floor(this.#random() * 2 ** 48).toString(36)}`,
    };
    return JSON.stringify({ op: Opcodes.RequestGuildMembers, d });
  }

  /** RATE_LIMITED came, whichever request it answers. */
  onRateLimited({ opcode, retryAfter }: { readonly opcode: number; readonly retryAfter: number }): void {
    if (opcode !== Opcodes.RequestGuildMembers) return;
    this.#notBefore = Math.max(this.#notBefore, this.#clock.now() + retryAfter * 1000);
  }
}
