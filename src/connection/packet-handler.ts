/**
 * Handles the messages of one connection. A packet that changes the lifecycle becomes an event of the machine; a
 * dispatch goes past the machine, down the fast lane. Nothing that a message causes is thrown into the socket, because
 * that would end the process: it ends this connection, and the shard resumes.
 */
import type { GatewayEvent, SocketEvent } from '../../machines/index.ts';
import { parsePacket } from '../decoding/parse-packet.ts';
import { GatewayError } from '../protocol/errors.ts';
import { botOf, guildIdsOf, heartbeatIntervalOf, resumeUrlRefusal, sessionOf } from '../protocol/lifecycle-packets.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { Packet } from '../protocol/packets.ts';
import type { ConnectionDelegate } from './connection-delegate.ts';
import { DispatchWatchdog } from './dispatch-watchdog.ts';
import { FastLane } from './fast-lane.ts';
import type { FastLaneCallbacks } from './fast-lane.ts';
import type { SendLimiter } from './send-limiter.ts';

type WithoutConnectionId<Event> = Event extends unknown ? Omit<Event, 'connectionId'> : never;

/** What a connection sends to the machine, which the connection completes with its id. */
export type ConnectionEvent = WithoutConnectionId<SocketEvent | GatewayEvent>;

/** The connection as its packet handler sees it. */
export interface PacketHandlerCallbacks {
  raise(event: ConnectionEvent): void;
  /** Sends the last event of the connection. */
  endWith(event: ConnectionEvent): void;
  /** Sends a frame if the socket is open. The caller has asked the limiter. */
  transmit(kind: 'priority', text: string): boolean;
  /** Since when no consumer keeps the socket from being read; `null` while one does. */
  readonly readingSince: number | null;
  /** Called at an ACK, before the machine learns of it. */
  onHeartbeatAck(): void;
}

const known = (hasSequence: boolean): { hasSequence?: boolean } => (hasSequence ? { hasSequence } : {});

type ControlHandler = (handler: PacketHandler, d: unknown) => void;

export class PacketHandler implements FastLaneCallbacks {
  readonly #delegate: ConnectionDelegate;
  readonly #limiter: SendLimiter;
  readonly #callbacks: PacketHandlerCallbacks;
  readonly #fastLane: FastLane;
  /** `null` without `maxDispatchSilenceMs`. */
  readonly #dispatchWatchdog: DispatchWatchdog | null;
  #isClosed = false;

  constructor(delegate: ConnectionDelegate, limiter: SendLimiter, callbacks: PacketHandlerCallbacks) {
    this.#delegate = delegate;
    this.#limiter = limiter;
    this.#callbacks = callbacks;
    this.#fastLane = new FastLane(delegate, this);
    const { maxDispatchSilenceMs } = delegate.options.timing;
    this.#dispatchWatchdog =
      maxDispatchSilenceMs === null ? null : new DispatchWatchdog(maxDispatchSilenceMs, delegate, limiter, callbacks);
  }

  /** Returns whether the bytes were a packet. Does not throw. */
  handle(bytes: Buffer): boolean {
    try {
      if (!this.#tryHandle(bytes)) return false;
      this.#fastLane.settle();
    } catch (cause) {
      this.onError(cause);
    }
    return true;
  }

  /** What the connection received can't be decoded. */
  onCorrupt(error: GatewayError): void {
    this.#endCorrupt(error, this.#fastLane.abandon());
  }

  /** The data of a dispatch turned out to be corrupt as it was read. */
  onDataCorrupt(error: GatewayError): void {
    this.#endCorrupt(error, true);
  }

  onReplayStarted(): void {
    this.#callbacks.raise({ type: 'gateway.replayStarted' });
  }

  #endCorrupt({ message, cause }: GatewayError, hasSequence: boolean): void {
    this.#callbacks.endWith({ type: 'socket.decodeFailed', reason: message, cause, ...known(hasSequence) });
  }

  /** Something threw while a message was handled. */
  onError(cause: unknown): void {
    const hasSequence = this.#fastLane.abandon();
    const reason = 'a message could not be handled';
    const isCorrupt = cause instanceof GatewayError && cause.code === 'DECODE_FAILED';
    if (!this.#isClosed) {
      const code = isCorrupt ? 'DECODE_FAILED' : 'INTERNAL_ERROR';
      this.#callbacks.endWith({ type: 'socket.decodeFailed', code, reason, cause, ...known(hasSequence) });
    } else if (!isCorrupt) this.#delegate.fault(new GatewayError('INTERNAL_ERROR', reason, { cause }));
  }

  /** Called when RESUME is sent. */
  startReplay(): void {
    this.#fastLane.startReplay();
  }

  /** From now on, nothing is handled. */
  close(): void {
    this.#isClosed = true;
    this.#fastLane.close();
    this.#dispatchWatchdog?.stop();
  }

  #tryHandle(bytes: Buffer): boolean {
    if (this.#fastLane.tryHandle(bytes)) return true;
    let packet: Packet;
    try {
      packet = parsePacket(bytes) as Packet;
    } catch {
      return this.#fastLane.dropRepeated(bytes);
    }
    if (typeof packet !== 'object' || packet === null) return false;
    if (this.#delegate.frameTap.isObserved) this.#delegate.frameTap.received(packet, bytes.length);
    this.#delegate.emitter.emitRaw(packet);
    if (this.#isClosed) return true;
    if (packet.op === Opcodes.Dispatch) this.#handleDispatch(packet, bytes);
    else PacketHandler.#controlHandlers.get(packet.op)?.(this, packet.d);
    return true;
  }

  /** By opcode. Opcodes without a handler are ignored. */
  static readonly #controlHandlers: ReadonlyMap<number, ControlHandler> = new Map<number, ControlHandler>([
    [Opcodes.Heartbeat, (handler) => handler.#callbacks.raise({ type: 'gateway.heartbeatRequest' })],
    [Opcodes.Reconnect, (handler) => handler.#callbacks.raise({ type: 'gateway.reconnect' })],
    [
      Opcodes.InvalidSession,
      (handler, d) => handler.#callbacks.raise({ type: 'gateway.invalidSession', resumable: d === true }),
    ],
    [
      Opcodes.Hello,
      (handler, d) => {
        const heartbeatIntervalMs = heartbeatIntervalOf(d);
        handler.#limiter.reserveHeartbeats(heartbeatIntervalMs);
        handler.#callbacks.raise({ type: 'gateway.hello', heartbeatIntervalMs });
      },
    ],
    [
      Opcodes.HeartbeatAck,
      (handler) => {
        const { heartbeatTracker, sentFrames, emitter } = handler.#delegate;
        const latencyMs = heartbeatTracker.recordAck();
        handler.#callbacks.onHeartbeatAck();
        sentFrames.recordAck();
        handler.#callbacks.raise({ type: 'gateway.heartbeatAck' });
        if (latencyMs === null) return;
        emitter.emit('heartbeat', { latency: latencyMs });
        handler.#delegate.saveSession();
      },
    ],
  ]);

  #handleDispatch(packet: Packet, bytes: Buffer): void {
    if (packet.t === 'READY') return this.#handleReady(packet, bytes);
    if (packet.t === 'RESUMED') return this.#handleResumed(packet, bytes);
    this.#fastLane.handle(packet, bytes);
  }

  #handleResumed(packet: Packet, bytes: Buffer): void {
    const { id } = this.#delegate.session;
    this.#fastLane.recordHandshake(packet.s);
    const replayed = this.#fastLane.endReplay();
    this.#dispatchWatchdog?.start();
    this.#callbacks.raise({ type: 'gateway.resumed' });
    this.#fastLane.deliver(packet, bytes, id, replayed);
    this.#delegate.saveSession();
  }

  #recordBot({ d, s }: Packet, bytes: Buffer): void {
    const { session, guildKeeper } = this.#delegate;
    const bot = botOf(d);
    session.recordBot(bot);
    session.recordGuilds(guildIdsOf(d));
    if (guildKeeper === null || session.id === null) return;
    guildKeeper.start(session.id, bot.user?.id ?? null);
    guildKeeper.keep(session.id, 'READY', s, bytes);
  }

  /** A READY without a session id ends the connection, because its session could not be resumed. */
  #handleReady(packet: Packet, bytes: Buffer): void {
    this.#fastLane.recordHandshake(packet.s);
    const { options } = this.#delegate;
    const session = sessionOf(packet.d, options);
    if (session === null)
      return this.#callbacks.endWith({ type: 'socket.decodeFailed', reason: 'READY without a session id' });
    if (session.sessionId === this.#delegate.session.id) this.#fastLane.countReplayedReady();
    else this.#fastLane.endReplay();
    this.#delegate.session.start(session, packet.s);
    this.#recordBot(packet, bytes);
    this.#delegate.sentFrames.confirm();
    this.#dispatchWatchdog?.start();
    this.#callbacks.raise({ type: 'gateway.ready', session });
    const refusal = resumeUrlRefusal(packet.d, session, options);
    if (refusal !== null)
      this.#delegate.fault(new GatewayError('RESUME_URL_REFUSED', `the resume URL of READY is not used: ${refusal}`));
    this.#fastLane.deliver(packet, bytes, session.sessionId);
    this.#delegate.saveSession();
  }
}
