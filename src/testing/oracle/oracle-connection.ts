/** One connection, as the oracle sees it: a state machine of what may be said when, and the accounts it keeps. */
import type { Packet } from '../../protocol/packets.ts';
import type { OracleState } from './oracle-state.ts';
import { HeartbeatRules } from './heartbeat-rules.ts';
import { commandFailure } from './fields.ts';
import { isLongerThan, packetFrom } from './frame.ts';
import type { Handshake } from './handshake-rules.ts';
import { checkIdentify, checkResume } from './handshake-rules.ts';
import type { ClientAction } from './opcodes.ts';
import { CLIENT_ACTIONS, OP, isFields, isSequence } from './opcodes.ts';
import type { OracleRule } from './oracle-rules.ts';
import type { PhaseEvent, Phase } from './phases.ts';
import { FORBIDDEN, TRANSITIONS, isOver } from './phases.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { addressOf, hostOf } from './gateway-address.ts';
import { Sequences, mergeSequences } from './sequences.ts';
import type { SessionRecord } from './session-records.ts';
import { SlidingWindow } from './sliding-window.ts';

const MAX_PAYLOAD_BYTES = 4096;
const FRAMES = { max: 120, windowMs: 60_000 } as const;
const PRESENCES = { max: 5, windowMs: 20_000 } as const;
/** Below this announced interval the beats alone would fill the window: that is the gateway's doing. */
const UNCOUNTED_BELOW_MS = 1000;
/** What a client may wait before it comes back after op 9. */
const INVALID_SESSION_WAIT_MS = 5000;
/** So often nobody leaves by chance just when op 9 is under way. */
const MIN_CERTAIN_ENDS = 3;

/** @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
const SESSION_ENDING_CODES: ReadonlySet<number | null> = new Set<number | null>([4003, 4007, 4009]);
/** @see https://discord.com/developers/docs/events/gateway#initiating-a-disconnect */
const SESSION_ENDING_CLIENT_CODES: ReadonlySet<number | null> = new Set<number | null>([1000, 1001]);

export class OracleConnection {
  /** Its place among the connections of the oracle, from 0. */
  readonly index: number;
  readonly #state: OracleState;
  readonly #address: GatewayAddress;
  readonly #frames: SlidingWindow;
  readonly #presences: SlidingWindow;
  readonly #heartbeats: HeartbeatRules;
  readonly #sequences: Sequences;
  readonly #complain: (rule: OracleRule, what: string) => void;
  #maxDelayMs: number;
  #phase: Phase = 'connected';
  #session: SessionRecord | null = null;
  /** After op 7 or 9 the client has to be gone by then. */
  #mustCloseBy = Infinity;
  /** When op 9 `false` was said. */
  #invalidSince = Infinity;
  /** The code by which the gateway has closed. */
  #closedWith: number | null = null;

  /** @internal */
  constructor(state: OracleState, index: number, url: string) {
    const { clock, toleranceMs, lateMs, roundTripMs, extraHeartbeats } = state.settings;
    this.index = index;
    this.#state = state;
    this.#address = addressOf(url);
    this.#complain = (rule, what) => state.addComplaint({ rule, what, connection: index, at: clock.now() });
    this.#maxDelayMs = roundTripMs + lateMs;
    this.#frames = new SlidingWindow(FRAMES.max, FRAMES.windowMs - toleranceMs);
    this.#presences = new SlidingWindow(PRESENCES.max, PRESENCES.windowMs - toleranceMs);
    this.#heartbeats = new HeartbeatRules({ extraHeartbeats, lateMs, roundTripMs }, this.#complain);
    this.#sequences = new Sequences(this.#maxDelayMs, this.#complain);
    if (this.#address.fault !== null) this.#complain('gateway-query', this.#address.fault);
  }

  /** The gateway hands a packet to the wire. */
  sent({ op, d, s, t }: Packet): void {
    if (isOver(this.#phase)) return;
    const now = this.#state.settings.clock.now();
    if (op === OP.dispatch) this.#onDispatch(t, d, s, now);
    else if (op === OP.ack) this.#heartbeats.onAck(now);
    else if (op === OP.heartbeat) this.#heartbeats.onRequest(now);
    else if (op === OP.hello) this.#onHello(d, now);
    else if (op === OP.reconnect) this.#requireCloseWithin(0, now);
    else if (op === OP.invalidSession) this.#onInvalidSession(d === true, now);
  }

  /** A frame of the client has arrived. */
  received(text: string): void {
    const now = this.#state.settings.clock.now();
    if (this.#phase === 'closed') this.#complain('silence-after-close', 'a frame after the close frame');
    if (isOver(this.#phase)) return;
    this.#checkMissing(now);
    const isTooLong = isLongerThan(MAX_PAYLOAD_BYTES, text);
    if (isTooLong) this.#complain('payload-size', 'a payload of more than 4096 bytes');
    const packet = packetFrom(text);
    this.#countFrame(packet?.op, now);
    if (packet !== null) this.#checkPacket(packet, now);
    else if (!isTooLong) this.#complain('decodable-frame', 'a frame that is no JSON object with an op');
  }

  /** The client has begun to close, or has dropped the connection (`null`). */
  closedByClient(code: number | null): void {
    const now = this.#state.settings.clock.now();
    if (this.#phase === 'closing' && code !== this.#closedWith) this.#undoCrossedClose();
    if (isOver(this.#phase)) return;
    this.#checkMissing(now);
    this.#onClientClosed(code, now);
    this.#end('closed');
  }

  /** The gateway closes, or has dropped the connection (`null`). */
  closedByGateway(code: number | null): void {
    if (isOver(this.#phase)) return;
    this.#checkMissing(this.#state.settings.clock.now());
    this.#closedWith = code;
    if (this.#session !== null && SESSION_ENDING_CODES.has(code) && this.#isReceived)
      this.#session.endedBy ??= endedByClose(code);
    this.#end('closing');
  }

  /** The socket is gone; of no effect the second time. */
  finish(): void {
    if (!isOver(this.#phase)) this.closedByClient(null);
  }

  /** From here on frames of either side may be lost or late: what does not come in time is no fault any more. */
  allowLoss(): void {
    this.#maxDelayMs = Infinity;
    this.#mustCloseBy = Infinity;
    this.#heartbeats.allowLoss();
    this.#sequences.allowLoss();
  }

  /** The gateway said something that is no packet: what the client made of it nobody knows. */
  markUndecodable(): void {
    this.allowLoss();
    this.#sequences.markUndecodable();
    if (this.#session !== null) mergeSequences(this.#session, this.#sequences);
  }

  /** Whether the client certainly gets what is said now. */
  get #isReceived(): boolean {
    return this.#maxDelayMs < Infinity;
  }

  #transition(event: PhaseEvent): void {
    this.#phase = TRANSITIONS[this.#phase][event] ?? this.#phase;
  }

  #onHello(d: unknown, now: number): void {
    this.#transition('hello');
    this.#heartbeats.onHello(isFields(d) ? d['heartbeat_interval'] : undefined, now);
  }

  #onDispatch(t: unknown, d: unknown, s: unknown, now: number): void {
    if (isSequence(s)) this.#sequences.recordSent(s, now);
    if (t === 'READY' && isFields(d)) this.#startSession(d['session_id'], d['resume_gateway_url']);
    else if (t === 'RESUMED') this.#transition('resumed');
    if (this.#session !== null) mergeSequences(this.#session, this.#sequences);
  }

  #startSession(id: unknown, resumeUrl: unknown): void {
    if (typeof id !== 'string' || TRANSITIONS[this.#phase].ready === undefined) return;
    this.#transition('ready');
    this.#attach(this.#state.sessions.add(id, this.#address.query, hostOf(resumeUrl)));
  }

  #attach(session: SessionRecord | null): void {
    if (this.#session !== null) this.#session.connections -= 1;
    if (session !== null) session.connections += 1;
    this.#session = session;
  }

  #onInvalidSession(mayResume: boolean, now: number): void {
    this.#requireCloseWithin(INVALID_SESSION_WAIT_MS, now);
    this.#transition('invalid');
    if (mayResume) return;
    this.#invalidSince = Math.min(this.#invalidSince, now);
    this.#sequences.reset();
  }

  #requireCloseWithin(waitMs: number, now: number): void {
    this.#mustCloseBy = Math.min(this.#mustCloseBy, now + waitMs + this.#maxDelayMs);
  }

  #checkMissing(now: number): void {
    this.#heartbeats.checkMissing(now);
    if (now <= this.#mustCloseBy) return;
    this.#complain('close-when-asked', `still there ${Math.round(now - this.#mustCloseBy)} ms after it had to be gone`);
    this.#mustCloseBy = Infinity;
  }

  #countFrame(op: number | undefined, now: number): void {
    const { intervalMs } = this.#heartbeats;
    if (op === OP.heartbeat && intervalMs > 0 && intervalMs < UNCOUNTED_BELOW_MS) return;
    if (!this.#frames.count(now)) this.#complain('frame-limit', 'more than 120 frames in 60 s');
    if (op === OP.presence && !this.#presences.count(now))
      this.#complain('presence-limit', 'more than 5 presences in 20 s');
  }

  #checkPacket({ op, d }: Packet, now: number): void {
    const action = CLIENT_ACTIONS.get(op);
    if (action === undefined) {
      this.#complain('client-opcode', `op ${op}, which is not for clients to send`);
      return;
    }
    const rule = FORBIDDEN[this.#phase][action];
    if (rule !== undefined && !(action === 'heartbeat' && this.#heartbeats.isRequested)) {
      this.#complain(rule, `${action} (op ${op}) while ${this.#phase}`);
      if (rule !== 'hello-first') return;
    }
    this.#checkAction(action, op, d, now);
  }

  #checkAction(action: ClientAction, op: number, d: unknown, now: number): void {
    switch (action) {
      case 'heartbeat':
        this.#heartbeats.onHeartbeat(now);
        this.#sequences.checkHeartbeat(d, this.#maxSequence, now);
        if (this.#session !== null) mergeSequences(this.#session, this.#sequences);
        return;
      case 'identify':
        checkIdentify(this.#handshake(now), d);
        break;
      case 'resume':
        this.#attach(checkResume(this.#handshake(now), d));
        if (this.#session === null) this.#sequences.markUndecodable();
        break;
      case 'command': {
        const failure = commandFailure(op, d);
        if (failure !== null) this.#complain('command-fields', `op ${op} with ${failure}`);
        return;
      }
    }
    this.#transition(action);
  }

  /** What a heartbeat may name; before the handshake that is for the handshake to judge. */
  get #maxSequence(): number {
    if (this.#phase === 'connected' || this.#phase === 'greeted') return Infinity;
    return this.#session?.lastSent ?? this.#sequences.lastSent;
  }

  #handshake(now: number): Handshake {
    return {
      state: this.#state,
      address: this.#address,
      confirmed: this.#sequences.confirmed,
      now,
      complain: this.#complain,
    };
  }

  #onClientClosed(code: number | null, now: number): void {
    const session = this.#session;
    const wasInvalid = this.#invalidSince < Infinity;
    if (SESSION_ENDING_CLIENT_CODES.has(code)) {
      if (!wasInvalid) this.#state.discards += 1;
      if (session !== null) session.endedBy ??= wasInvalid ? 'op 9' : `close code ${code} of the client`;
    } else if (session !== null && wasInvalid && this.#isReceived) {
      session.doubtfulEnds += 1;
      const isCertain =
        now - this.#invalidSince > this.#state.settings.roundTripMs || session.doubtfulEnds >= MIN_CERTAIN_ENDS;
      if (isCertain) session.endedBy ??= 'op 9';
    }
  }

  /** The client has closed before it could know of the gateway's close. */
  #undoCrossedClose(): void {
    if (this.#session?.endedBy === endedByClose(this.#closedWith)) this.#session.endedBy = null;
  }

  #end(phase: Phase): void {
    this.#phase = phase;
    if (this.#session !== null) this.#session.connections -= 1;
  }
}

const endedByClose = (code: number | null): string => `close code ${code}`;
