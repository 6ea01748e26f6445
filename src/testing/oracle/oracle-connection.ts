/** One connection, as the oracle sees it: a state machine of what may be said when, and the accounts it keeps. */
import type { Packet } from '../../protocol/packets.ts';
import type { Account } from './account.ts';
import { Beats } from './beats.ts';
import { commandFailure } from './fields.ts';
import { isLongerThan, packetFrom } from './frame.ts';
import type { Handshake } from './handshakes.ts';
import { judgeIdentify, judgeResume } from './handshakes.ts';
import type { Act } from './ops.ts';
import { ACTS, OP, isFields, isSequence } from './ops.ts';
import type { OracleRule } from './oracle-rules.ts';
import type { Happening, Phase } from './phases.ts';
import { FORBIDDEN, NEXT, isOver } from './phases.ts';
import type { GatewayAddress } from './query.ts';
import { addressOf, hostOf } from './query.ts';
import { Sequences, settle } from './sequences.ts';
import type { SessionRecord } from './session-account.ts';
import { Window } from './window.ts';

const MAX_PAYLOAD_BYTES = 4096;
const FRAMES = { most: 120, windowMs: 60_000 } as const;
const PRESENCES = { most: 5, windowMs: 20_000 } as const;
/** Below this announced interval the beats alone would fill the window: that is the gateway's doing. */
const UNCOUNTED_BELOW_MS = 1000;
/** What a client may wait before it comes back after op 9. */
const INVALID_SESSION_WAIT_MS = 5000;
/** So often nobody leaves by chance just when op 9 is under way. */
const CERTAIN_ENDS = 3;

/** @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
const SESSION_ENDING_CODES: ReadonlySet<number | null> = new Set<number | null>([4003, 4007, 4009]);
/** @see https://discord.com/developers/docs/events/gateway#initiating-a-disconnect */
const GOODBYES: ReadonlySet<number | null> = new Set<number | null>([1000, 1001]);

export class OracleConnection {
  /** Its place among the connections of the oracle, from 0. */
  readonly index: number;
  readonly #account: Account;
  readonly #address: GatewayAddress;
  readonly #frames: Window;
  readonly #presences: Window;
  readonly #beats: Beats;
  readonly #sequences: Sequences;
  readonly #complain: (rule: OracleRule, what: string) => void;
  #patienceMs: number;
  #phase: Phase = 'connected';
  #session: SessionRecord | null = null;
  /** After op 7 or 9 the client has to be gone by then. */
  #leaveBy = Infinity;
  /** When op 9 `false` was said. */
  #invalidSince = Infinity;
  /** The code by which the gateway has closed. */
  #closedWith: number | null = null;

  /** @internal */
  constructor(account: Account, index: number, url: string) {
    const { clock, toleranceMs, lateMs, roundTripMs, spareBeats } = account.settings;
    this.index = index;
    this.#account = account;
    this.#address = addressOf(url);
    this.#complain = (rule, what) => account.complain({ rule, what, connection: index, at: clock.now() });
    this.#patienceMs = roundTripMs + lateMs;
    this.#frames = new Window(FRAMES.most, FRAMES.windowMs - toleranceMs);
    this.#presences = new Window(PRESENCES.most, PRESENCES.windowMs - toleranceMs);
    this.#beats = new Beats({ spareBeats, lateMs, roundTripMs }, this.#complain);
    this.#sequences = new Sequences(this.#patienceMs, this.#complain);
    if (this.#address.fault !== null) this.#complain('gateway-query', this.#address.fault);
  }

  /** The gateway hands a packet to the wire. */
  said({ op, d, s, t }: Packet): void {
    if (isOver(this.#phase)) return;
    const now = this.#account.settings.clock.now();
    if (op === OP.dispatch) this.#dispatched(t, d, s, now);
    else if (op === OP.ack) this.#beats.ack(now);
    else if (op === OP.heartbeat) this.#beats.ask(now);
    else if (op === OP.hello) this.#hello(d, now);
    else if (op === OP.reconnect) this.#leaveWithin(0, now);
    else if (op === OP.invalidSession) this.#invalid(d === true, now);
  }

  /** A frame of the client has arrived. */
  heard(text: string): void {
    const now = this.#account.settings.clock.now();
    if (this.#phase === 'closed') this.#complain('silence-after-close', 'a frame after the close frame');
    if (isOver(this.#phase)) return;
    this.#judgeAbsences(now);
    const isTooLong = isLongerThan(MAX_PAYLOAD_BYTES, text);
    if (isTooLong) this.#complain('payload-size', 'a payload of more than 4096 bytes');
    const packet = packetFrom(text);
    this.#count(packet?.op, now);
    if (packet !== null) this.#obeyed(packet, now);
    else if (!isTooLong) this.#complain('decodable-frame', 'a frame that is no JSON object with an op');
  }

  /** The client has begun to close, or has dropped the connection (`null`). */
  closedByClient(code: number | null): void {
    const now = this.#account.settings.clock.now();
    if (this.#phase === 'closing' && code !== this.#closedWith) this.#crossed();
    if (isOver(this.#phase)) return;
    this.#judgeAbsences(now);
    this.#closed(code, now);
    this.#leave('closed');
  }

  /** The gateway closes, or has dropped the connection (`null`). */
  closedByGateway(code: number | null): void {
    if (isOver(this.#phase)) return;
    this.#judgeAbsences(this.#account.settings.clock.now());
    this.#closedWith = code;
    if (this.#session !== null && SESSION_ENDING_CODES.has(code) && this.#isHeard) this.#session.endedBy ??= endedByClose(code);
    this.#leave('closing');
  }

  /** The socket is gone; of no effect the second time. */
  finish(): void {
    if (!isOver(this.#phase)) this.closedByClient(null);
  }

  /** From here on frames of either side may be lost or late: what does not come in time is no fault any more. */
  excuse(): void {
    this.#patienceMs = Infinity;
    this.#leaveBy = Infinity;
    this.#beats.excuse();
    this.#sequences.excuse();
  }

  /** The gateway said something that is no packet: what the client made of it nobody knows. */
  garble(): void {
    this.excuse();
    this.#sequences.garble();
    if (this.#session !== null) settle(this.#session, this.#sequences);
  }

  /** Whether the client certainly gets what is said now. */
  get #isHeard(): boolean {
    return this.#patienceMs < Infinity;
  }

  #move(happening: Happening): void {
    this.#phase = NEXT[this.#phase][happening] ?? this.#phase;
  }

  #hello(d: unknown, now: number): void {
    this.#move('hello');
    this.#beats.hello(isFields(d) ? d['heartbeat_interval'] : undefined, now);
  }

  #dispatched(t: unknown, d: unknown, s: unknown, now: number): void {
    if (isSequence(s)) this.#sequences.say(s, now);
    if (t === 'READY' && isFields(d)) this.#begin(d['session_id'], d['resume_gateway_url']);
    else if (t === 'RESUMED') this.#move('resumed');
    if (this.#session !== null) settle(this.#session, this.#sequences);
  }

  #begin(id: unknown, resumeUrl: unknown): void {
    if (typeof id !== 'string' || NEXT[this.#phase].ready === undefined) return;
    this.#move('ready');
    this.#attach(this.#account.sessions.add(id, this.#address.query, hostOf(resumeUrl)));
  }

  #attach(session: SessionRecord | null): void {
    if (this.#session !== null) this.#session.connections -= 1;
    if (session !== null) session.connections += 1;
    this.#session = session;
  }

  #invalid(mayResume: boolean, now: number): void {
    this.#leaveWithin(INVALID_SESSION_WAIT_MS, now);
    this.#move('invalid');
    if (mayResume) return;
    this.#invalidSince = Math.min(this.#invalidSince, now);
    this.#sequences.reset();
  }

  #leaveWithin(waitMs: number, now: number): void {
    this.#leaveBy = Math.min(this.#leaveBy, now + waitMs + this.#patienceMs);
  }

  #judgeAbsences(now: number): void {
    this.#beats.judge(now);
    if (now <= this.#leaveBy) return;
    this.#complain('leave-when-told', `still there ${Math.round(now - this.#leaveBy)} ms after it had to be gone`);
    this.#leaveBy = Infinity;
  }

  #count(op: number | undefined, now: number): void {
    const { intervalMs } = this.#beats;
    if (op === OP.heartbeat && intervalMs > 0 && intervalMs < UNCOUNTED_BELOW_MS) return;
    if (!this.#frames.count(now)) this.#complain('frame-limit', 'more than 120 frames in 60 s');
    if (op === OP.presence && !this.#presences.count(now)) this.#complain('presence-limit', 'more than 5 presences in 20 s');
  }

  #obeyed({ op, d }: Packet, now: number): void {
    const act = ACTS.get(op);
    if (act === undefined) {
      this.#complain('client-opcode', `op ${op}, which is not for clients to send`);
      return;
    }
    const rule = FORBIDDEN[this.#phase][act];
    if (rule !== undefined && !(act === 'heartbeat' && this.#beats.isAsked)) {
      this.#complain(rule, `${act} (op ${op}) while ${this.#phase}`);
      if (rule !== 'hello-first') return;
    }
    this.#take(act, op, d, now);
  }

  #take(act: Act, op: number, d: unknown, now: number): void {
    switch (act) {
      case 'heartbeat':
        this.#beats.beat(now);
        this.#sequences.beat(d, this.#highest, now);
        if (this.#session !== null) settle(this.#session, this.#sequences);
        return;
      case 'identify':
        judgeIdentify(this.#handshake(now), d);
        break;
      case 'resume':
        this.#attach(judgeResume(this.#handshake(now), d));
        if (this.#session === null) this.#sequences.garble();
        break;
      case 'command': {
        const failure = commandFailure(op, d);
        if (failure !== null) this.#complain('command-fields', `op ${op} with ${failure}`);
        return;
      }
    }
    this.#move(act);
  }

  /** What a heartbeat may name; before the handshake that is for the handshake to judge. */
  get #highest(): number {
    if (this.#phase === 'connected' || this.#phase === 'greeted') return Infinity;
    return this.#session?.said ?? this.#sequences.said;
  }

  #handshake(now: number): Handshake {
    return { account: this.#account, address: this.#address, confirmed: this.#sequences.confirmed, now, complain: this.#complain };
  }

  #closed(code: number | null, now: number): void {
    const session = this.#session;
    const wasInvalid = this.#invalidSince < Infinity;
    if (GOODBYES.has(code)) {
      if (!wasInvalid) this.#account.discards += 1;
      if (session !== null) session.endedBy ??= wasInvalid ? 'op 9' : `close code ${code} of the client`;
    } else if (session !== null && wasInvalid && this.#isHeard) {
      session.doubtfulEnds += 1;
      const isCertain = now - this.#invalidSince > this.#account.settings.roundTripMs || session.doubtfulEnds >= CERTAIN_ENDS;
      if (isCertain) session.endedBy ??= 'op 9';
    }
  }

  /** The client has closed before it could know of the gateway's close. */
  #crossed(): void {
    if (this.#session?.endedBy === endedByClose(this.#closedWith)) this.#session.endedBy = null;
  }

  #leave(phase: Phase): void {
    this.#phase = phase;
    if (this.#session !== null) this.#session.connections -= 1;
  }
}

const endedByClose = (code: number | null): string => `close code ${code}`;
