/** Judges one connection: a state machine of what a client may send when, and the rules for each kind of packet. */
import { isCount, isObject } from '../../protocol/validation.ts';
import type { Packet } from '../../protocol/packets.ts';
import type { OracleState } from './oracle-state.ts';
import { HeartbeatRules } from './heartbeat-rules.ts';
import { commandFailure } from './fields.ts';
import { FrameRules } from './frame-rules.ts';
import type { Handshake } from './handshake-rules.ts';
import { checkIdentify, checkResume } from './handshake-rules.ts';
import type { ClientAction } from './opcodes.ts';
import { CLIENT_ACTIONS, OP } from './opcodes.ts';
import type { OracleRule } from './oracle-rules.ts';
import type { PhaseEvent, Phase } from './phases.ts';
import { FORBIDDEN, PHASE_TEXTS, TRANSITIONS, isOver } from './phases.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { addressOf, hostOf } from './gateway-address.ts';
import { Sequences, mergeSequences } from './sequences.ts';
import type { SessionRecord } from './session-records.ts';

/** How long a client may wait after op 9 before it leaves. */
const INVALID_SESSION_WAIT_MS = 5000;
/** A client that leaves this often just after op 9 `false` has certainly read it. */
const MIN_CERTAIN_ENDS = 3;

const ACTION_TEXTS: Readonly<Record<ClientAction, string>> = {
  heartbeat: 'a heartbeat',
  identify: 'IDENTIFY',
  resume: 'RESUME',
  command: 'a command',
};

/** @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
const SESSION_ENDING_CODES: ReadonlySet<number | null> = new Set<number | null>([4003, 4007, 4009]);
/** @see https://discord.com/developers/docs/events/gateway#initiating-a-disconnect */
const SESSION_ENDING_CLIENT_CODES: ReadonlySet<number | null> = new Set<number | null>([1000, 1001]);

/** One connection that an {@link Oracle} judges. Report everything that both sides send, at the time they send it. */
export class OracleConnection {
  /** The index of the connection among all connections of the oracle, from 0. */
  readonly index: number;
  readonly #state: OracleState;
  readonly #address: GatewayAddress;
  readonly #frames: FrameRules;
  readonly #heartbeats: HeartbeatRules;
  readonly #sequences: Sequences;
  readonly #complain: (rule: OracleRule, what: string) => void;
  #maxDelayMs: number;
  #phase: Phase = 'connected';
  #session: SessionRecord | null = null;
  /** When the client must have left, after op 7 or 9. */
  #mustCloseBy = Infinity;
  /** When op 9 `false` was sent. */
  #invalidSince = Infinity;
  /** The code with which the gateway has closed. */
  #closedWith: number | null = null;

  /** @internal */
  constructor(state: OracleState, index: number, url: string) {
    const { clock, toleranceMs, lateMs, roundTripMs, extraHeartbeats } = state.settings;
    this.index = index;
    this.#state = state;
    this.#address = addressOf(url);
    this.#complain = (rule, what) => state.addComplaint({ rule, what, connection: index, at: clock.now() });
    this.#maxDelayMs = roundTripMs + lateMs;
    this.#frames = new FrameRules(toleranceMs, this.#complain);
    this.#heartbeats = new HeartbeatRules({ extraHeartbeats, lateMs, roundTripMs }, this.#complain);
    this.#sequences = new Sequences(this.#maxDelayMs, this.#complain);
    if (this.#address.fault !== null) this.#complain('gateway-query', this.#address.fault);
  }

  /** Reports a packet that the gateway sends. */
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

  /** Reports a frame of the client that has arrived. */
  received(text: string): void {
    const now = this.#state.settings.clock.now();
    if (this.#phase === 'closed')
      this.#complain('silence-after-close', 'the client sent a frame after its close frame');
    if (isOver(this.#phase)) return;
    this.#checkMissing(now);
    const packet = this.#frames.check(text, this.#heartbeats.intervalMs, now);
    if (packet !== null) this.#checkPacket(packet, now);
  }

  /** Reports that the client has begun to close with a code, or has dropped the connection (`null`). */
  closedByClient(code: number | null): void {
    const now = this.#state.settings.clock.now();
    if (this.#phase === 'closing' && code !== this.#closedWith) this.#undoCrossedClose();
    if (isOver(this.#phase)) return;
    this.#checkMissing(now);
    this.#onClientClosed(code, now);
    this.#end('closed');
  }

  /** Reports that the gateway closes with a code, or has dropped the connection (`null`). */
  closedByGateway(code: number | null): void {
    if (isOver(this.#phase)) return;
    this.#checkMissing(this.#state.settings.clock.now());
    this.#closedWith = code;
    if (this.#session !== null && SESSION_ENDING_CODES.has(code) && this.#isReceived)
      this.#session.endedBy ??= endedByClose(code);
    this.#end('closing');
  }

  /** Reports that the socket is closed. A second call has no effect. */
  finish(): void {
    if (!isOver(this.#phase)) this.closedByClient(null);
  }

  /** Reports that frames of either side may be lost or late from now on. The oracle then judges no absence. */
  allowLoss(): void {
    this.#maxDelayMs = Infinity;
    this.#mustCloseBy = Infinity;
    this.#heartbeats.allowLoss();
    this.#sequences.allowLoss();
  }

  /** Reports that the gateway sent a frame that is not a packet, so that what the client received is unknown. */
  markUndecodable(): void {
    this.allowLoss();
    this.#sequences.markUndecodable();
    if (this.#session !== null) mergeSequences(this.#session, this.#sequences);
  }

  /** Whether the client certainly receives what the gateway sends now. */
  get #isReceived(): boolean {
    return this.#maxDelayMs < Infinity;
  }

  #transition(event: PhaseEvent): void {
    this.#phase = TRANSITIONS[this.#phase][event] ?? this.#phase;
  }

  #onHello(d: unknown, now: number): void {
    this.#transition('hello');
    this.#heartbeats.onHello(isObject(d) ? d['heartbeat_interval'] : undefined, now);
  }

  #onDispatch(t: unknown, d: unknown, s: unknown, now: number): void {
    if (isCount(s)) this.#sequences.recordSent(s, now);
    if (t === 'READY' && isObject(d)) this.#startSession(d['session_id'], d['resume_gateway_url']);
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
    this.#complain(
      'close-when-asked',
      `the client left the connection ${Math.round(now - this.#mustCloseBy)} ms too late, or not at all`,
    );
    this.#mustCloseBy = Infinity;
  }

  #checkPacket({ op, d }: Packet, now: number): void {
    const action = CLIENT_ACTIONS.get(op);
    if (action === undefined) {
      this.#complain('client-opcode', `op ${op} is not an opcode that clients may send`);
      return;
    }
    const rule = FORBIDDEN[this.#phase][action];
    if (rule !== undefined && !(action === 'heartbeat' && this.#heartbeats.isRequested)) {
      this.#complain(rule, `${ACTION_TEXTS[action]} (op ${op}) came ${PHASE_TEXTS[this.#phase]}`);
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
        if (failure !== null) this.#complain('command-fields', `op ${op} has ${failure}`);
        return;
      }
    }
    this.#transition(action);
  }

  /** The max sequence of a heartbeat. The rules of the handshake judge heartbeats before it. */
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

  /** The client closed before it could know of the gateway's close, so that the session has not ended for it. */
  #undoCrossedClose(): void {
    if (this.#session?.endedBy === endedByClose(this.#closedWith)) this.#session.endedBy = null;
  }

  #end(phase: Phase): void {
    this.#phase = phase;
    if (this.#session !== null) this.#session.connections -= 1;
  }
}

const endedByClose = (code: number | null): string => `close code ${code}`;
