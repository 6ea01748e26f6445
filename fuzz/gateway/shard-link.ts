/**
 * The gateway as one shard sees it, over all its connections and sessions. It knows at every moment what the client has
 * understood, because it asks the reference client; so it can check each IDENTIFY and each RESUME.
 */
import { isUtf8 } from 'node:buffer';
import { Violation } from '../recorder.ts';
import type { Effect, ReferenceClient } from '../reference-client.ts';
import type { Frame } from '../wire/encoder.ts';
import type { Decoded } from '../wire/reference-decoder.ts';
import { newSession, readyText } from './gateway-session.ts';
import type { Candidate, Entry, GatewaySession } from './gateway-session.ts';
import type { Peer } from './peer.ts';

/** Larger sequences are tried too, but not as the next one of a session: there would be none after them. */
const MAX_SEQUENCE = 2 ** 52;

interface ClientPacket {
  readonly op: number;
  readonly d: unknown;
}

export interface ShardLinkOptions {
  readonly shardId: number;
  readonly url: string;
  readonly client: ReferenceClient;
  /** How many dispatches before the wanted one a replay repeats. */
  readonly repeats: number;
  /** Whether the bot has taken everything that the client should deliver. */
  readonly isTaken: () => boolean;
  readonly report: (violation: Violation) => void;
  readonly changed: () => void;
}

export class ShardLink {
  readonly client: ReferenceClient;
  readonly #options: ShardLinkOptions;
  #session: GatewaySession | null = null;
  #sessions = 0;
  #isOver = false;
  /** The connection that has sent IDENTIFY or RESUME. */
  peer: Peer | null = null;
  /** Sent to the next connections in the place of READY, one each. */
  readonly badReadies: Buffer[] = [];
  /** Sent on the next connection before READY or the replay. */
  readonly early: Buffer[] = [];
  /** The data of the requests for members that were not answered. */
  readonly memberRequests: unknown[] = [];

  constructor(options: ShardLinkOptions) {
    this.#options = options;
    this.client = options.client;
  }

  get isReady(): boolean {
    return this.peer?.phase === 'ready';
  }

  /** Whether the shard is ready and has nothing left to do. */
  get isSettled(): boolean {
    return this.isReady && this.#options.isTaken();
  }

  get nextSequence(): number {
    return (this.#session?.lastSequence ?? 0) + 1;
  }

  get sessionId(): string {
    return this.#session?.id ?? '';
  }

  /** A connection was greeted. With several shards it is not known yet whose it is. */
  onGreeting(hello: string): void {
    this.client.receive(Buffer.from(hello));
  }

  onPacket(peer: Peer, { op, d }: ClientPacket): void {
    peer.accepts = (bytes) => this.client.accepts(bytes);
    if (op === 1) {
      const expected = this.client.sequence;
      // An older one may be under way.
      if (d !== null && !(Number.isSafeInteger(d) && (d as number) >= 0))
        this.#fail(`a heartbeat with the sequence ${JSON.stringify(d)}; ${String(expected)} was received`);
      if (peer.phase !== 'ended') this.#understand(peer, peer.sendMessage(Buffer.from('{"op":11}'), true));
    } else if (op === 2) this.#onIdentify(peer);
    else if (op === 6) this.#onResume(peer, d as { session_id: unknown; seq: unknown });
    else if (op === 8) this.memberRequests.push(d);
    this.#options.changed();
  }

  onClosed(peer: Peer, code: number): void {
    if (this.peer === peer) {
      if (peer.phase !== 'ended' && !this.#isOver)
        this.#fail(`the client left a connection without a reason (${code})`);
      this.client.disconnect();
      this.peer = null;
    }
    this.#options.changed();
  }

  /** Sends a valid message that is no dispatch of the session. */
  send(message: string): void {
    const { peer } = this;
    if (peer !== null) this.#understand(peer, peer.sendMessage(Buffer.from(message), true));
  }

  /** Sends a message unchanged, valid or not. */
  sendDispatch(candidate: Candidate, sent: Buffer, times = 0): void {
    const { peer } = this;
    if (peer === null) return;
    if (peer.phase === 'ended') peer.sendIgnored(sent);
    else this.#understand(peer, peer.sendMessage(sent, sent === candidate.bytes));
    this.#commitUnread([candidate], times > 0 ? { bytes: sent, times } : null);
  }

  sendFrames(candidates: readonly Candidate[], frames: readonly Frame[], pieces = 1): void {
    const { peer } = this;
    for (const frame of frames) {
      if (peer === null) break;
      if (!frame.isBinary && !isUtf8(frame.bytes) && peer.phase !== 'ended') {
        // A text frame must be UTF-8, so this ends the WebSocket and is no message.
        peer.socket.send(frame.bytes, { binary: false });
        this.leave();
      } else if (peer.phase === 'ended') peer.sendFrame(frame, pieces);
      else this.#understand(peer, peer.sendFrame(frame, pieces));
    }
    this.#commitUnread(candidates, null);
  }

  /**
   * Sends frames of a stream that was changed. It may have come to its end, which a client may notice at once and take
   * for an error, so what it reads from these frames is not certain.
   */
  sendCorrupted(candidates: readonly Candidate[], frames: readonly Frame[]): void {
    const { peer } = this;
    if (peer?.encoder.isStream === true) this.client.markUncertain();
    this.sendFrames(candidates, frames);
    if (peer?.encoder.isStream === true && (peer.phase !== 'ended' || this.client.awaitsRewind))
      this.client.optionalFaults += 1;
  }

  /** The case is over, and the client may leave. */
  end(): void {
    this.#isOver = true;
  }

  /** The client must leave now. */
  leave(): void {
    if (this.peer !== null) this.#apply(this.peer, 'resume');
  }

  /** Sends a message that is no dispatch, now and right after each RESUMED, as often as `times` says. */
  sendAfterResumed(bytes: Buffer, times: number): void {
    if (this.#session === null) return;
    this.#session.afterResumed = { bytes, times };
    this.#sendAfterResumed(this.#session);
  }

  /**
   * Closes a connection on which the client can't read for certain what follows: it waits for the rest of a message, or
   * the compressed stream was changed. The client resumes.
   */
  leaveIfUncertain(): void {
    const { peer } = this;
    if (peer === null || peer.phase === 'ended' || !(peer.isWaiting || peer.isCorrupted)) return;
    this.leave();
    peer.socket.close(4000);
  }

  /** Counts a sequence that no replay sends. */
  skipSequence(s: number): void {
    if (this.#session !== null) this.#session.lastSequence = Math.max(this.#session.lastSequence, s);
  }

  /** Another session takes the place of this one, with a READY in the middle. */
  replaceSession(ready: (sessionId: string) => string, s: number): void {
    this.#session = this.#newSession();
    this.send(ready(this.#session.id));
    this.#session.lastSequence = s;
  }

  #newSession(): GatewaySession {
    this.#sessions += 1;
    return newSession(`${this.#options.shardId}-session-${this.#sessions}`);
  }

  #onIdentify(peer: Peer): void {
    if (this.#session !== null) this.#fail(`IDENTIFY, although the session ${this.#session.id} could be resumed`);
    this.peer = peer;
    this.#sendEarly(peer);
    const bad = this.badReadies.shift();
    if (bad !== undefined) return this.#understand(peer, peer.sendMessage(bad, true));
    this.#session = this.#newSession();
    this.#session.lastSequence = 1;
    this.#understand(peer, peer.sendMessage(Buffer.from(readyText(this.#options.url, this.#session.id, 1)), true));
    if (peer.phase === 'greeted') peer.phase = 'ready';
  }

  #onResume(peer: Peer, { session_id: sessionId, seq }: { session_id: unknown; seq: unknown }): void {
    const session = this.#session;
    this.peer = peer;
    if (session === null || sessionId !== session.id)
      return this.#fail(`RESUME of the session ${String(sessionId)} instead of ${String(session?.id)}`);
    // The manager is about to end this connection too.
    if (this.client.isBeforeRewind(seq)) return this.leave();
    this.client.settleUncertain(seq);
    if (!this.client.mayResumeFrom(seq))
      return this.#fail(`RESUME from ${String(seq)}; the client has received ${String(this.client.sequence)}`);
    this.client.startReplay(seq);
    this.#sendEarly(peer);
    for (const entry of session.entries) {
      if (peer.phase === 'ended') return;
      if (entry.s > seq - this.#options.repeats) this.#replay(peer, entry, seq);
    }
    this.leaveIfUncertain();
    if (peer.phase === 'ended') return;
    session.lastSequence += 1;
    this.#understand(
      peer,
      peer.sendMessage(Buffer.from(`{"t":"RESUMED","s":${session.lastSequence},"op":0,"d":{}}`), true),
    );
    if (peer.phase === 'greeted') peer.phase = 'ready';
    this.#sendAfterResumed(session);
  }

  #sendAfterResumed({ afterResumed }: GatewaySession): void {
    const { peer } = this;
    if (afterResumed === null || afterResumed.times === 0 || peer?.phase !== 'ready') return;
    afterResumed.times -= 1;
    this.#understand(peer, peer.sendMessage(afterResumed.bytes, false));
  }

  #replay(peer: Peer, entry: Entry, seq: number): void {
    const { broken } = entry;
    // The client has it, or has given it up.
    if (broken === null || broken.times === 0 || entry.s <= seq)
      return this.#understand(peer, peer.sendMessage(entry.bytes, true));
    broken.times -= 1;
    this.#understand(peer, peer.sendMessage(broken.bytes, false));
    if ((this.client.sequence ?? 0) >= entry.s) entry.broken = null;
  }

  #sendEarly(peer: Peer): void {
    for (const message of this.early.splice(0))
      if (peer.phase !== 'ended') this.#understand(peer, peer.sendMessage(message, true));
  }

  /** Applies what frames mean to the client. */
  #understand(peer: Peer, { messages, isBroken }: Decoded): void {
    for (const message of messages) {
      if (peer.phase === 'ended') return;
      const before = this.client.sequence;
      this.#apply(peer, this.client.receive(message));
      // What the client has received is the truth, also if it is not what was meant.
      if (this.client.sequence !== before && peer.phase === 'ready')
        this.#commit({ s: this.client.sequence ?? 0, bytes: message }, null);
    }
    if (isBroken && peer.phase !== 'ended') this.#apply(peer, this.client.breakConnection());
  }

  #apply(peer: Peer, effect: Effect): void {
    if (effect === 'none') return;
    const isGivenUp = peer.phase !== 'ended' && this.client.endConnection();
    peer.phase = 'ended';
    if (effect === 'unsure') peer.socket.close(4000);
    if (effect === 'identify' || isGivenUp) this.#session = null;
  }

  /** Keeps what the client could not read for the next replay. */
  #commitUnread(candidates: readonly Candidate[], broken: Entry['broken']): void {
    const { peer } = this;
    if (peer === null || (peer.phase !== 'ended' && !peer.isWaiting && !peer.isCorrupted)) return;
    for (const candidate of candidates) this.#commit(candidate, broken);
  }

  #commit({ s, bytes }: Candidate, broken: Entry['broken']): void {
    const session = this.#session;
    if (session === null || s <= session.lastSequence || s > MAX_SEQUENCE) return;
    session.lastSequence = s;
    session.entries.push({ s, bytes, broken });
  }

  #fail(what: string): void {
    this.#options.report(new Violation(what));
  }
}
