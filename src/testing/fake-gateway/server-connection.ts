/**
 * The gateway's end of one connection. It sends HELLO, accepts IDENTIFY or RESUME, and then answers commands. The table
 * of opcode handlers says which opcode is allowed in which phase; a client that breaks it gets a close code.
 */
import { MAX_PAYLOAD_BYTES } from '../../protocol/payloads.ts';
import { Opcodes, opcodeName } from '../../protocol/opcodes.ts';
import type { Packet } from '../../protocol/packets.ts';
import { parsePacket } from '../json-object.ts';
import type { RejectCode } from './close-codes.ts';
import { SESSION_ENDING_CLIENT_CLOSES, CLOSE_REASONS, SESSION_ENDING_CLOSES } from './close-codes.ts';
import { FrameLimiter } from './frame-limiter.ts';
import { HeartbeatMonitor } from './heartbeat-monitor.ts';
import { Latch } from './latch.ts';
import type { ValidIdentify } from './identify-validation.ts';
import { readyData } from './ready-payload.ts';
import type { GatewayContext } from './gateway-context.ts';
import { OPCODE_HANDLERS } from './opcode-handlers.ts';
import type { FakeSession, SessionConnection, ShardKey } from './sessions.ts';
import { jsonOf } from './sessions.ts';
import type { Phase, ServerConnectionPort } from './server-connection-port.ts';
import type { FrameWriter } from './frame-writer.ts';

/** A frame may cross op 9 on the way. It is not a violation then. */
const PHASES_WITHOUT_VIOLATIONS: ReadonlySet<Phase> = new Set(['invalidated']);

const PHASE_TEXTS: Readonly<Record<Phase, string>> = {
  connected: 'before HELLO',
  helloSent: 'before IDENTIFY',
  identified: 'after IDENTIFY or RESUME',
  invalidated: 'after op 9',
  closed: 'after the close',
};

export class ServerConnection implements SessionConnection, ServerConnectionPort {
  readonly context: GatewayContext;
  readonly acks = new Latch();
  readonly ready = new Latch();
  readonly members = new Latch();
  readonly received: Packet[] = [];
  phase: Phase = 'connected';
  session: FakeSession | null = null;
  shard: ShardKey | null = null;
  presence: unknown = null;
  readonly #writer: FrameWriter;
  readonly #index: number;
  readonly #version: number;
  readonly #frameLimiter: FrameLimiter;
  readonly #heartbeatMonitor: HeartbeatMonitor;
  /** Grows with each IDENTIFY and RESUME, so that the answer to an outdated one is dropped. */
  #attempt = 0;

  constructor(context: GatewayContext, writer: FrameWriter, index: number, version: number) {
    this.context = context;
    this.#writer = writer;
    this.#index = index;
    this.#version = version;
    const { heartbeatIntervalMs } = context.settings;
    this.#frameLimiter = new FrameLimiter(context.clock, heartbeatIntervalMs);
    this.#heartbeatMonitor = new HeartbeatMonitor(context.clock, heartbeatIntervalMs, (silenceMs) =>
      this.reject(4009, `no heartbeat arrived for ${Math.round(silenceMs)} ms`),
    );
  }

  /** @see https://discord.com/developers/docs/events/gateway#hello-event */
  sendHello(): void {
    this.context.latches.hello.run(() => {
      if (this.phase !== 'connected' || this.#writer.socket.readyState !== this.#writer.socket.OPEN) return;
      this.phase = 'helloSent';
      this.send(Opcodes.Hello, { heartbeat_interval: this.context.settings.heartbeatIntervalMs });
      this.#heartbeatMonitor.start();
    });
  }

  receive(data: Buffer): void {
    if (this.phase === 'closed') return;
    const packet = data.byteLength > MAX_PAYLOAD_BYTES ? null : parsePacket(data.toString());
    if (!this.#frameLimiter.tryConsume(packet?.op === Opcodes.Heartbeat)) {
      this.reject(4008, 'more than 120 frames arrived within 60 s');
      return;
    }
    if (packet === null) {
      this.reject(4002, `a frame of ${data.byteLength} bytes is too large, or is not a JSON object with an op`);
      return;
    }
    this.received.push(packet);
    this.#handle(packet);
    this.context.notifyChange();
  }

  /** @see https://discord.com/developers/docs/events/gateway#sending-heartbeats */
  acknowledgeHeartbeat(): void {
    this.context.stats.heartbeats += 1;
    this.#heartbeatMonitor.recordHeartbeat();
    this.acks.run(() => this.send(Opcodes.HeartbeatAck));
  }

  identify({ shard, intents, compress, presence }: ValidIdentify): void {
    this.context.stats.identifies += 1;
    this.phase = 'identified';
    this.shard = shard;
    this.presence = presence ?? null;
    if (compress && !this.#writer.compressMessages(this.context.settings.payloadCompressionBytes)) {
      this.recordViolation(null, 'IDENTIFY asked for payload compression on top of transport compression');
    }
    this.#afterLatches([this.context.latches.ready, this.ready], () => {
      const session = this.context.sessions.create(shard, intents);
      this.session = session;
      session.attach(this);
      session.dispatch('READY', jsonOf(readyData(this.context, session, this.#version)));
      if ((intents & 1) === 0) return;
      const { guilds } = this.context;
      for (const guild of guilds.forShard(shard)) session.dispatch('GUILD_CREATE', jsonOf(guilds.createData(guild)));
    });
  }

  resume(session: FakeSession, after: number): void {
    this.context.stats.resumes += 1;
    this.phase = 'identified';
    this.shard = session.shard;
    this.session = session;
    this.#afterLatches([this.context.latches.resumed], () => {
      session.attach(this);
      session.replay(after);
    });
  }

  /** Records a violation and closes the connection with its code. */
  reject(code: RejectCode, what: string): void {
    if (!PHASES_WITHOUT_VIOLATIONS.has(this.phase)) this.recordViolation(code, what);
    this.close(code, CLOSE_REASONS[code]);
  }

  recordViolation(code: RejectCode | null, what: string): void {
    this.context.stats.violations.push({ code, what, connection: this.#index, at: this.context.clock.now() });
    this.context.notifyChange();
  }

  close(code?: number, reason?: string): void {
    if (this.phase === 'closed') return;
    if (this.session !== null && code !== undefined && SESSION_ENDING_CLOSES.has(code))
      this.context.sessions.end(this.session);
    this.phase = 'closed';
    this.#writer.close(code, reason);
  }

  /** Sends op 9. The session ends unless it is resumable. */
  invalidate(resumable: boolean): void {
    if (this.session !== null && !resumable) this.context.sessions.end(this.session);
    if (this.phase === 'identified') this.phase = 'invalidated';
    this.#detachSession();
    this.session = null;
    this.send(Opcodes.InvalidSession, resumable);
  }

  send(op: number, d: unknown = null): void {
    if (this.phase !== 'closed') this.#writer.send(`{"t":null,"s":null,"op":${op},"d":${jsonOf(d)}}`);
  }

  deliver(text: string): void {
    if (this.phase !== 'closed') this.#writer.send(text);
  }

  onSuperseded(): void {
    this.close(4000, 'The session was resumed on another connection.');
  }

  /** Call it when the client has begun to close. */
  onClientClose(code: number): void {
    if (this.session !== null && SESSION_ENDING_CLIENT_CLOSES.has(code)) this.context.sessions.end(this.session);
    this.onSocketClosed();
  }

  /** Call it when the socket is closed. */
  onSocketClosed(): void {
    this.phase = 'closed';
    this.#detachSession();
    this.#heartbeatMonitor.stop();
  }

  #detachSession(): void {
    this.session?.detach(this, this.context.clock.now());
  }

  #handle(packet: Packet): void {
    const handler = OPCODE_HANDLERS.get(packet.op);
    const name = OPCODE_HANDLERS.has(packet.op) ? `${opcodeName(packet.op)} (op ${packet.op})` : `op ${packet.op}`;
    if (handler === undefined) {
      this.reject(4001, `${name} is not an opcode that clients may send`);
      return;
    }
    const closeCode = handler.rejectIn[this.phase];
    if (closeCode === undefined) handler.handle(this, packet.d, packet.op);
    else this.reject(closeCode, `${name} came ${PHASE_TEXTS[this.phase]}`);
  }

  #afterLatches([first, ...rest]: readonly Latch[], callback: () => void, attempt = ++this.#attempt): void {
    if (first !== undefined) first.run(() => this.#afterLatches(rest, callback, attempt));
    else if (this.phase === 'identified' && attempt === this.#attempt) {
      callback();
      this.context.notifyChange();
    }
  }
}
