/**
 * One WebSocket to the gateway, from opening to gone: bytes in become packets, packets become either machine events
 * or dispatches on the fast lane; commands of the machine become frames. Nothing in here decides about the
 * lifecycle, and nothing gets out of it once it is detached.
 */
import type { GatewayEvent, SocketCommand, SocketEvent, SocketInput } from '../../machines/index.ts';
import { GatewayError } from '../protocol/errors.ts';
import { heartbeatIntervalOf, sessionOf } from '../protocol/lifecycle-packets.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import { parsePacket } from '../protocol/packet-json.ts';
import type { Packet } from '../protocol/packets.ts';
import { heartbeatPayload } from '../protocol/payloads.ts';
import type { ConnectionHost } from './connection-host.ts';
import { createDecoder } from './create-decoder.ts';
import type { Decoder } from './decoder.ts';
import { FastLane } from './fast-lane.ts';
import { Intake } from './intake.ts';
import { SendLimiter } from './send-limiter.ts';
import type { FrameKind } from './send-limiter.ts';
import type { QueuedKind } from './send-queue.ts';
import { CLOSED, OPEN, isTooLarge, toBuffer } from './web-socket.ts';
import type { WebSocketLike } from './web-socket.ts';

type Outgoing = SocketEvent | GatewayEvent;
/** An event that does not know yet which connection it is from. */
type Unsigned = Outgoing extends infer E ? (E extends Outgoing ? Omit<E, 'connectionId'> : never) : never;

const MAX_CLOSE_REASON_BYTES = 123;

const unanswered = (): GatewayError => new GatewayError('CONNECTION_LOST', 'the connection ended before the heartbeat was answered');

export class Connection {
  readonly id: number;
  readonly limiter: SendLimiter;
  readonly #host: ConnectionHost;
  readonly #socket: WebSocketLike;
  readonly #decoder: Decoder;
  readonly #intake: Intake;
  readonly #lane: FastLane;
  readonly #emit: (event: Outgoing) => void;
  #detached = false;
  #frames = 0;
  #silenceTimer: unknown;
  #beatTimer: unknown;

  /** Throws what opening the socket throws. */
  constructor(host: ConnectionHost, input: SocketInput, emit: (event: Outgoing) => void) {
    this.id = input.connectionId;
    this.#host = host;
    this.#emit = emit;
    this.limiter = new SendLimiter({ clock: host.clock });
    const fault = ({ message, cause }: GatewayError): void => this.#end({ type: 'socket.corrupted', reason: message, cause });
    this.#lane = new FastLane(host, fault);
    const sink = { message: (bytes: Buffer) => this.#read(bytes), fault };
    this.#decoder = createDecoder(host.compression, sink, { maxMessageBytes: host.maxMessageBytes });
    this.#socket = host.open(input.resumeUrl);
    this.#intake = new Intake(host.clock, this.#socket);
    this.#socket.on('open', () => this.#say({ type: 'socket.opened' }));
    this.#socket.on('message', (data, isBinary) => {
      if (this.#detached) return;
      this.#frames += 1;
      const now = host.clock.now();
      host.vitals.lastFrameAt = now;
      this.#intake.begin(now);
      this.#decoder.write(toBuffer(data), isBinary);
      if (!this.#detached) this.#intake.done(host.clock.now());
    });
    // Stays for good: a socket that is torn down while it connects still emits an error.
    this.#socket.on('error', (cause) => {
      const type = isTooLarge(cause) ? 'socket.corrupted' : 'socket.failed';
      this.#flushThenEnd({ type, reason: cause.message, cause });
    });
    this.#socket.on('close', (code, reason) =>
      this.#flushThenEnd({ type: 'socket.closed', code, reason: reason.toString() }),
    );
  }

  perform(command: SocketCommand): void {
    if (!this.#detached) Connection.#commands[command.type](this, command);
  }

  static readonly #commands: Readonly<Record<SocketCommand['type'], (connection: Connection, command: SocketCommand) => void>> = {
    beat: (connection, command) => {
      if (command.type !== 'beat') return;
      if (command.scheduled) connection.#tellLag();
      // A gateway that asks without end must not drive us over its own limit.
      if (command.scheduled || connection.limiter.delayMs('reply') === 0) connection.#beat(command.scheduled ? 'heartbeat' : 'reply');
    },
    identify: (connection) => connection.#identify(),
    resume: (connection) => {
      connection.#lane.startReplay();
      const payload = connection.#host.resumePayload();
      if (payload !== null) connection.#transmit('handshake', payload);
    },
    drain: (connection) => {
      connection.#host.pulse.overdue();
      connection.#tellLag();
      connection.#drain();
    },
  };

  /** Sends a frame if the socket can take it; the caller has asked the limiter. */
  transmit(kind: QueuedKind, text: string): boolean {
    return !this.#detached && this.#transmit(kind, text);
  }

  /** A beat out of schedule, within the send limit; one that is already under way answers for it. */
  heartbeat(): Promise<number> {
    if (this.#detached) return Promise.reject(unanswered());
    const answer = this.#host.pulse.nextAck();
    if (!this.#host.pulse.awaitsAck && this.#beatTimer === undefined) {
      const delayMs = this.limiter.delayMs('command');
      if (delayMs === 0) this.#beat('command');
      else {
        this.#beatTimer = this.#host.clock.setTimeout(() => {
          this.#beatTimer = undefined;
          this.#beat('command');
        }, delayMs);
      }
    }
    return answer;
  }

  /** Stops or goes on reading, for consumers that can't keep up. */
  pause(): void {
    if (!this.#detached) this.#intake.hold('consumer');
  }

  resume(): void {
    if (!this.#detached) this.#intake.release('consumer');
  }

  /** From here on nothing that arrives is looked at. */
  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    this.#host.clock.clearTimeout(this.#silenceTimer);
    this.#host.clock.clearTimeout(this.#beatTimer);
    this.#intake.stop();
    this.#lane.close();
    this.#decoder.close();
    this.#host.takePermit()?.release();
    this.#host.pulse.reset(unanswered());
  }

  /** Lets the socket go: with a close frame, or without when `code` is `null`. `gone` is called once it is closed. */
  close(code: number | null, reason: string, gone: () => void): void {
    this.detach();
    if (this.#socket.readyState === CLOSED) return gone();
    this.#socket.on('close', gone);
    if (code === null || this.#socket.readyState !== OPEN) return this.#socket.terminate();
    // A paused socket would never see the answer.
    this.#socket.resume();
    this.#socket.close(code, Buffer.from(reason).subarray(0, MAX_CLOSE_REASON_BYTES).toString());
  }

  /** Ends it now, in this turn: the close frame is handed to the system, the answer not waited for. */
  abort(code: number): void {
    this.detach();
    if (this.#socket.readyState === OPEN) this.#socket.close(code);
    if (this.#socket.readyState !== CLOSED) this.#socket.terminate();
  }

  terminate(): void {
    this.detach();
    if (this.#socket.readyState !== CLOSED) this.#socket.terminate();
  }

  #say(event: Unsigned): void {
    if (!this.#detached) this.#emit({ ...event, connectionId: this.id });
  }

  /** The last word of a connection: the machine lets go of it, and nothing follows. */
  #end(event: Unsigned): void {
    this.#say(event);
    this.detach();
  }

  /** What came before the end is handed out before it. */
  #flushThenEnd(event: Unsigned): void {
    this.#decoder.flush(() => this.#end(event));
  }

  /** Gives back whether the bytes were a packet. */
  #read(bytes: Buffer): boolean {
    if (this.#lane.take(bytes)) return true;
    let packet: Packet;
    try {
      packet = parsePacket(bytes) as Packet;
    } catch {
      return false;
    }
    if (typeof packet !== 'object' || packet === null) return false;
    this.#host.onPacket(packet);
    if (this.#detached) return true;
    if (packet.op === Opcodes.Dispatch) this.#dispatch(packet, bytes);
    else Connection.#control.get(packet.op)?.(this, packet.d);
    return true;
  }

  /** Everything but dispatches; what is not here is ignored. */
  static readonly #control: ReadonlyMap<number, (connection: Connection, d: unknown) => void> = new Map<number, (connection: Connection, d: unknown) => void>([
    [Opcodes.Heartbeat, (connection) => connection.#say({ type: 'gateway.heartbeatRequest' })],
    [Opcodes.Reconnect, (connection) => connection.#say({ type: 'gateway.reconnect' })],
    [Opcodes.InvalidSession, (connection, d) => connection.#say({ type: 'gateway.invalidSession', resumable: d === true })],
    [Opcodes.Hello, (connection, d) => {
      const heartbeatIntervalMs = heartbeatIntervalOf(d);
      connection.limiter.keepRoomFor(heartbeatIntervalMs);
      connection.#say({ type: 'gateway.hello', heartbeatIntervalMs });
    }],
    [Opcodes.HeartbeatAck, (connection) => {
      const latencyMs = connection.#host.pulse.acknowledge();
      connection.#say({ type: 'gateway.heartbeatAck' });
      if (latencyMs !== null) connection.#host.onHeartbeat(latencyMs);
    }],
  ]);

  #dispatch(packet: Packet, bytes: Buffer): void {
    this.#lane.count(packet.s);
    if (packet.t === 'READY') return this.#ready(packet, bytes);
    if (packet.t === 'RESUMED') return this.#resumed(packet, bytes);
    this.#lane.give(packet, bytes, this.#host.cell.id);
  }

  #resumed(packet: Packet, bytes: Buffer): void {
    const { id } = this.#host.cell;
    const replayed = this.#lane.endReplay();
    this.#watchSilence();
    this.#say({ type: 'gateway.resumed' });
    this.#lane.give(packet, bytes, id, replayed);
  }

  /** A session begins. A READY that names none can't be resumed, nor lived with. */
  #ready(packet: Packet, bytes: Buffer): void {
    const session = sessionOf(packet.d, this.#host.url);
    if (session === null) return this.#end({ type: 'socket.corrupted', reason: 'READY without a session id' });
    this.#host.cell.begin(session, packet.s ?? null);
    this.#watchSilence();
    this.#say({ type: 'gateway.ready', session });
    this.#lane.give(packet, bytes, session.sessionId);
  }

  #identify(): void {
    const permit = this.#host.takePermit();
    if (this.#transmit('handshake', this.#host.identifyPayload())) permit?.sent();
    else permit?.release();
  }

  #beat(kind: FrameKind): void {
    if (this.#transmit(kind, heartbeatPayload(this.#host.cell.sequence))) this.#host.pulse.sent();
  }

  #transmit(kind: FrameKind, text: string): boolean {
    if (this.#socket.readyState !== OPEN) return false;
    this.limiter.record(kind);
    this.#socket.send(text);
    return true;
  }

  #tellLag(): void {
    const lateMs = this.#host.pulse.takeLagMs();
    if (lateMs !== null) this.#host.onLagged(lateMs);
  }

  /** Says `socket.drained` after a turn in which the socket had nothing more to read. */
  #drain(): void {
    this.#intake.open();
    const before = this.#frames;
    this.#host.clock.setTimeout(() => {
      if (this.#detached) return;
      if (this.#frames !== before) return this.#drain();
      this.#decoder.flush(() => this.#say({ type: 'socket.drained' }));
    }, 0);
  }

  /** Off by default: a quiet shard is often just a shard of quiet guilds. */
  #watchSilence(): void {
    const limitMs = this.#host.maxDispatchSilenceMs;
    if (limitMs === null || this.#detached) return;
    const { clock } = this.#host;
    const leftMs = limitMs - (clock.now() - (this.#host.vitals.lastDispatchAt ?? clock.now()));
    if (leftMs <= 0) return this.#say({ type: 'socket.silent' });
    clock.clearTimeout(this.#silenceTimer);
    this.#silenceTimer = clock.setTimeout(() => this.#watchSilence(), leftMs);
  }
}
