/**
 * Remembers in which voice channels the bot is, and joins them again in a new session: Discord ends the voice states of a
 * session that is over. A resumed session keeps them.
 * @see https://discord.com/developers/docs/events/gateway-events#update-voice-state
 */
import type { GatewayVoiceStateUpdateData } from 'discord-api-types/v10';
import type { SendQueue } from '../connection/send-queue.ts';
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import { guildIdsOf } from '../protocol/lifecycle-packets.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { Dispatch } from '../protocol/packets.ts';
import { isSnowflake } from '../protocol/payload-rules.ts';
import { fieldsOf } from '../protocol/validation.ts';
import type { CurrentSession } from '../session/current-session.ts';

interface VoiceState {
  readonly guildId: string;
  /** The last one that was sent; `null` when the bot is in no channel. */
  sent: GatewayVoiceStateUpdateData | null;
  /** The session in which it was sent. */
  sessionId: string | null;
  /** How many voice states of this guild are in the send queue. */
  pending: number;
  /** Takes the one out of the queue that is to be sent again. */
  restoring: AbortController | null;
}

interface VoiceStatesDependencies {
  readonly queue: SendQueue;
  readonly session: CurrentSession;
}

export class VoiceStates {
  readonly #queue: SendQueue;
  readonly #session: CurrentSession;
  /** By guild: a bot is in one channel of a guild at most. */
  readonly #states = new Map<string, VoiceState>();

  constructor({ queue, session }: VoiceStatesDependencies) {
    this.#queue = queue;
    this.#session = session;
  }

  /** Whether there is no voice state that Discord could change. */
  get isEmpty(): boolean {
    return this.#states.size === 0;
  }

  /** Remembers the voice state that `send` sends, once it is sent. Settles as `send` does. */
  track(data: GatewayVoiceStateUpdateData, send: () => Promise<void>): Promise<void> {
    const { guild_id: guildId } = data;
    const state = this.#states.get(guildId) ?? { guildId, sent: null, sessionId: null, pending: 0, restoring: null };
    this.#states.set(guildId, state);
    // It would undo this one.
    state.restoring?.abort();
    return this.#follow(state, data, send);
  }

  /** Called with the data of READY. Of a resumed session that is the READY of the same session. */
  restore(ready: unknown): void {
    const guildIds = new Set(guildIdsOf(ready));
    // Some gateways list no guilds.
    const isGone = (guildId: string): boolean => guildIds.size > 0 && !guildIds.has(guildId);
    for (const state of this.#states.values()) {
      if (isGone(state.guildId) && state.pending === 0) this.#states.delete(state.guildId);
      else this.#restore(state);
    }
  }

  /** Called with each VOICE_STATE_UPDATE: others may have moved or disconnected the bot. Decodes only those of the bot. */
  onUpdate(dispatch: Dispatch): void {
    const userId = this.#session.bot.user?.id;
    if (userId === undefined || !LazyDispatch.contains(dispatch, `"${userId}"`)) return;
    const { user_id: whose, guild_id: guildId, channel_id: channelId } = fieldsOf(dispatch.d);
    const state = typeof guildId === 'string' ? this.#states.get(guildId) : undefined;
    if (state === undefined || state.sent === null || whose !== userId) return;
    // One that is older than what waits, or that the end of the last session caused.
    if (state.pending > 0 || state.sessionId !== this.#session.id) return;
    if (channelId === null) this.#states.delete(state.guildId);
    else if (isSnowflake(channelId)) state.sent = { ...state.sent, channel_id: channelId };
  }

  /** The bot has left on purpose. */
  clear(): void {
    for (const { restoring } of this.#states.values()) restoring?.abort();
    this.#states.clear();
  }

  async #follow(state: VoiceState, data: GatewayVoiceStateUpdateData, send: () => Promise<void>): Promise<void> {
    state.pending += 1;
    try {
      await send();
      state.sent = data.channel_id === null ? null : data;
      state.sessionId = this.#session.id;
    } finally {
      state.pending -= 1;
      this.#settle(state);
    }
  }

  #settle(state: VoiceState): void {
    if (state.pending > 0 || this.#states.get(state.guildId) !== state) return;
    if (state.sent === null) this.#states.delete(state.guildId);
    // What took its place has been aborted.
    else if (!this.#queue.isStopped) this.#restore(state);
  }

  #restore(state: VoiceState): void {
    const { sent: d, sessionId, pending } = state;
    if (d === null || pending > 0 || sessionId === this.#session.id) return;
    const { signal } = (state.restoring = new AbortController());
    const payload = JSON.stringify({ op: Opcodes.VoiceStateUpdate, d });
    // It rejects when the shard is stopped, or when a newer one takes its place.
    void this.#follow(state, d, () => this.#queue.send('command', payload, signal)).catch(() => undefined);
  }
}
