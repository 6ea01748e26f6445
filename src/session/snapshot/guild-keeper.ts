/**
 * Keeps what a shard receives about its guilds, for the next process that resumes the session. It reduces each dispatch
 * to a frame and holds nothing itself. All other dispatches cost it one look-up of their name.
 */
import { DispatchHeaderReader } from '../../decoding/dispatch-header.ts';
import { parsePacket } from '../../decoding/parse-packet.ts';
import { fieldsOf, isCount } from '../../protocol/validation.ts';
import { KEPT_DISPATCHES, keptDataOf } from './kept-data.ts';
import { encodeFrame } from './snapshot-frame.ts';

/** The bytes of a packet whose `d` can be cut out; each is handled before the next is read. */
const header = new DispatchHeaderReader();

export interface GuildKeeperOptions {
  /** Stores a frame. The bytes belong to it. An empty one ends the snapshot. */
  readonly record: (frame: Buffer) => void;
  /** Called when a dispatch could not be kept. Then nothing more of its session is. */
  readonly onError: (cause: unknown) => void;
}

export class GuildKeeper {
  readonly #options: GuildKeeperOptions;
  #sessionId: string | null = null;
  #botId: string | null = null;
  /** The sequence of the last dispatch that was kept. A dispatch that a resume repeats is not kept again. */
  #lastSequence = -1;

  constructor(options: GuildKeeperOptions) {
    this.#options = options;
  }

  /** A session begins, or one that an earlier process began is resumed. */
  start(sessionId: string, botId: string | null): void {
    if (sessionId !== this.#sessionId) this.#lastSequence = -1;
    this.#sessionId = sessionId;
    this.#botId = botId;
  }

  wants(t: string): boolean {
    return KEPT_DISPATCHES.has(t);
  }

  /** Keeps a dispatch that {@link wants} has accepted. One of a session that was resumed by hand is not kept. Does not throw. */
  keep(sessionId: string | null, t: string, s: unknown, packet: Buffer): void {
    if (
      sessionId === null ||
      sessionId !== this.#sessionId ||
      !isCount(s) ||
      (s <= this.#lastSequence && t !== 'READY')
    )
      return;
    try {
      const json = header.read(packet) && header.isWhole(packet) ? header.dataOf(packet) : null;
      const kept = keptDataOf(t, json, () => fieldsOf(parsePacket(packet))['d'], this.#botId);
      this.#lastSequence = s;
      if (kept === null) return;
      const { guildId, data } = kept;
      this.#options.record(encodeFrame({ sessionId, t: kept.t, s, previous: 0, guildId }, data));
    } catch (cause) {
      this.#sessionId = null;
      this.#options.record(Buffer.alloc(0));
      this.#options.onError(cause);
    }
  }
}
