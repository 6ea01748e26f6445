/**
 * One WebSocket to the gateway. Its packet handler turns messages into machine events or dispatches; it turns the
 * machine's commands into frames. It makes no decision about the lifecycle, and emits nothing once it is detached.
 *
 * The way of a dispatch: web-socket.ts → here → decoding/decoder.ts → packet-handler.ts → fast-lane.ts →
 * shard/dispatcher.ts → shard/emitter.ts → listener. The machine does not see it.
 */
import { CLOSE_PATIENCE_MS } from '../../machines/index.ts';
import type { GatewayEvent, SocketCommand, SocketEvent, SocketInput } from '../../machines/index.ts';
import { GatewayError } from '../protocol/errors.ts';
import { withProxy } from '../http/proxy/proxy-error.ts';
import type { ProxyAgent } from '../http/proxy/proxy-agent.ts';
import { handlerByType } from '../protocol/handler-table.ts';
import { hostFailure, messageOf, withoutRequest } from '../protocol/network-errors.ts';
import { heartbeatPayload } from '../protocol/payloads.ts';
import type { Clock } from '../clock.ts';
import { CloseHandshake } from './close-handshake.ts';
import type { CloseListener } from './close-handshake.ts';
import type { ConnectionDelegate } from './connection-delegate.ts';
import { createDecoder } from '../decoding/decoder.ts';
import type { Decoder, DecoderSink } from '../decoding/base-decoder.ts';
import { PacketHandler } from './packet-handler.ts';
import type { ConnectionEvent, PacketHandlerCallbacks } from './packet-handler.ts';
import { FrameTimer } from './frame-timer.ts';
import { ReadThrottle } from './read-throttle.ts';
import { SendLimiter } from './send-limiter.ts';
import type { FrameKind } from './send-limiter.ts';
import type { QueuedKind } from './send-queue.ts';
import { OPEN, baseUrlOf, isTooLarge, openSocket, retryAfterOf, toBuffer } from './web-socket.ts';
import type { WebSocketLike } from './web-socket-like.ts';

/** A slow consumer may leave an ACK unread for this part of the interval. */
const ACK_PATIENCE = 1 / 2;

const heartbeatUnanswered = (): GatewayError =>
  new GatewayError('CONNECTION_LOST', 'the connection ended before the heartbeat was acknowledged');

export class Connection implements DecoderSink, PacketHandlerCallbacks {
  readonly id: number;
  readonly limiter: SendLimiter;
  readonly #delegate: ConnectionDelegate;
  readonly #clock: Clock;
  readonly #socket: WebSocketLike;
  readonly #proxyAgent: ProxyAgent | null;
  readonly #decoder: Decoder;
  readonly #readThrottle: ReadThrottle;
  readonly #frameTimer: FrameTimer;
  readonly #closeHandshake: CloseHandshake;
  readonly #packets: PacketHandler;
  readonly #emit: (event: SocketEvent | GatewayEvent) => void;
  #detached = false;
  /** The session when the connection ended. */
  #sessionId: string | null = null;
  #heartbeatTimer: unknown;

  /** @throws what opening the socket throws */
  constructor(delegate: ConnectionDelegate, input: SocketInput, emit: (event: SocketEvent | GatewayEvent) => void) {
    this.id = input.connectionId;
    this.#delegate = delegate;
    this.#emit = emit;
    const { options, activityTimes } = delegate;
    const { clock, compression, maxMessageBytes } = options;
    this.#clock = clock;
    this.#frameTimer = new FrameTimer(clock);
    this.limiter = new SendLimiter({ clock });
    delegate.sentFrames.reset();
    this.#packets = new PacketHandler(delegate, this.limiter, this);
    this.#decoder = createDecoder(compression, this, { maxMessageBytes });
    const { socket, proxyAgent } = openSocket(options, input.resumeUrl);
    this.#socket = socket;
    this.#proxyAgent = proxyAgent;
    this.#readThrottle = new ReadThrottle(clock, this.#socket, delegate.listenerWatch);
    this.#closeHandshake = new CloseHandshake(this.#socket, clock);
    this.#socket.on('open', () => this.raise({ type: 'socket.opened' }));
    this.#socket.on('message', (data, isBinary) => {
      if (this.#detached) return;
      const now = this.#frameTimer.start();
      activityTimes.recordFrame(now);
      this.#readThrottle.startWork(now);
      try {
        this.#decoder.write(toBuffer(data), isBinary);
      } catch (cause) {
        this.#packets.onError(cause);
      }
      this.#endWork();
    });
    // Never removed: a socket that is terminated while it connects still emits an error.
    this.#socket.on('error', (error) => {
      // An agent may attach its request, with the password of a proxy in the headers.
      const cause = withoutRequest(error);
      this.#flushThenEndWith(
        isTooLarge(cause)
          ? { type: 'socket.decodeFailed', reason: messageOf(cause), cause }
          : {
              type: 'socket.failed',
              reason: withProxy(hostFailure(baseUrlOf(options, input.resumeUrl), cause), this.proxyInUse),
              cause,
              retryAfterMs: retryAfterOf(error),
            },
      );
    });
    this.#socket.on('close', (code, reasonBytes) => {
      const reason = reasonBytes.toString();
      this.#closeHandshake.unreported = { code, reason };
      this.#flushThenEndWith({ type: 'socket.closed', code, reason });
    });
  }

  /** The host and port of the proxy that the socket goes through; `null` without one. */
  get proxyInUse(): string | null {
    return this.#proxyAgent?.proxyInUse ?? null;
  }

  /** The session of the connection, which has ended; `null` if it had none. */
  get sessionId(): string | null {
    return this.#sessionId;
  }

  execute(command: SocketCommand): void {
    if (!this.#detached) Connection.#handleCommand(command, this);
  }

  static readonly #handleCommand = handlerByType<SocketCommand, Connection>({
    heartbeat: ({ scheduled }, connection) => {
      if (scheduled) connection.#reportLag();
      // A gateway that requests heartbeats without end must not make the shard exceed the send limit.
      if (scheduled || connection.limiter.delayMs('reply') === 0)
        connection.#sendHeartbeat(scheduled ? 'heartbeat' : 'reply');
    },
    identify: (_, connection) => connection.#sendIdentify(),
    resume: (_, connection) => {
      connection.#packets.startReplay();
      const payload = connection.#delegate.resumePayload();
      if (payload !== null) connection.#sendFrame('handshake', payload);
    },
    flushReads: (_, connection) => {
      connection.#delegate.heartbeatTracker.markOverdue();
      connection.#reportLag();
      connection.#readThrottle.drain(() =>
        connection.#decoder.flush(() => connection.raise({ type: 'socket.readsFlushed' })),
      );
    },
  });

  /** Sends a frame if the socket is open. The caller has asked the limiter. */
  transmit(kind: QueuedKind, text: string): boolean {
    if (this.#detached || !this.#sendFrame(kind, text)) return false;
    if (kind === 'presence') this.#delegate.session.recordPresence(text);
    return true;
  }

  /**
   * Sends a heartbeat outside the schedule, within the send limit, unless one awaits its ACK already. Resolves with the
   * round trip in ms.
   */
  heartbeat(): Promise<number> {
    if (this.#detached) return Promise.reject(heartbeatUnanswered());
    const ack = this.#delegate.heartbeatTracker.nextAck();
    if (!this.#delegate.heartbeatTracker.awaitsAck && this.#heartbeatTimer === undefined) {
      const delayMs = this.limiter.delayMs('command');
      if (delayMs === 0) this.#sendHeartbeat('command');
      else {
        this.#heartbeatTimer = this.#clock.setTimeout(() => {
          this.#heartbeatTimer = undefined;
          this.#sendHeartbeat('command');
        }, delayMs);
      }
    }
    return ack;
  }

  /** Pauses reading for a consumer that falls behind, whenever no heartbeat awaits its ACK. */
  pauseReading(): void {
    if (!this.#detached) this.#readThrottle.pause('consumer');
  }

  resumeReading(): void {
    if (!this.#detached) this.#readThrottle.resume('consumer');
  }

  /** Ignores everything that arrives from now on. */
  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    this.#sessionId = this.#delegate.session.id;
    this.#clock.clearTimeout(this.#heartbeatTimer);
    this.#readThrottle.stop();
    this.#packets.close();
    this.#decoder.close();
    this.#delegate.connectionSlot.consumePermit()?.release();
    this.#delegate.heartbeatTracker.reset(heartbeatUnanswered());
  }

  /**
   * Closes the socket, without a close frame when `code` is `null`. Calls `onClosed` when it is closed, with the close
   * frame of the gateway unless that only answers.
   */
  close(code: number | null, reason: string, onClosed: CloseListener): void {
    this.detach();
    this.#closeHandshake.start(code, reason, onClosed);
  }

  /** Calls `onClosed` instead of the listener of {@link close}; at once when no close handshake is running. */
  whenClosed(onClosed: CloseListener): void {
    this.#closeHandshake.whenOver(onClosed);
  }

  /** Terminates the socket. A close handshake that is running has a moment left: the gateway may have a code of its own. */
  terminateSoon(): void {
    this.detach();
    this.#closeHandshake.limit(Math.min(this.#delegate.options.timing.closeTimeoutMs, CLOSE_PATIENCE_MS));
  }

  /** Closes the socket in this turn: sends the close frame, but does not wait for the answer. */
  abort(code: number): void {
    this.detach();
    if (this.#socket.readyState === OPEN) this.#socket.close(code);
    this.terminate();
  }

  terminate(): void {
    this.detach();
    this.#closeHandshake.terminate();
  }

  /** The decoder has a message. */
  message(bytes: Buffer): boolean {
    return this.#readThrottle.isWorking ? this.#packets.handle(bytes) : this.#handleLate(bytes);
  }

  /** What arrived can't be decoded. */
  fault(error: GatewayError): void {
    this.#packets.onCorrupt(error);
  }

  raise(event: ConnectionEvent): void {
    if (this.#detached) return;
    if (event.type === 'socket.closed') this.#closeHandshake.unreported = null;
    this.#emit({ ...event, connectionId: this.id });
  }

  endWith(event: ConnectionEvent): void {
    this.raise(event);
    this.detach();
  }

  get readingSince(): number | null {
    return this.#readThrottle.readingSince;
  }

  onHeartbeatAck(): void {
    if (!this.#delegate.heartbeatTracker.awaitsAck) this.#readThrottle.endAckWait();
  }

  /** Handles a message that an inflater in another thread hands over outside of any frame. */
  #handleLate(bytes: Buffer): boolean {
    this.#readThrottle.startWork(this.#frameTimer.start());
    const isPacket = this.#packets.handle(bytes);
    this.#endWork();
    return isPacket;
  }

  #endWork(): void {
    if (!this.#detached) this.#readThrottle.endWork(this.#frameTimer.end());
  }

  /** Delivers what arrived before the end, then ends. */
  #flushThenEndWith(event: ConnectionEvent): void {
    this.#decoder.flush(() => this.endWith(event));
  }

  #sendIdentify(): void {
    const permit = this.#delegate.connectionSlot.consumePermit();
    if (this.#sendFrame('handshake', this.#delegate.identifyPayload())) permit?.sent();
    else permit?.release();
  }

  #sendHeartbeat(kind: FrameKind): void {
    if (!this.#sendFrame(kind, heartbeatPayload(this.#delegate.session.sequence))) return;
    this.#delegate.heartbeatTracker.recordSent();
    this.#readThrottle.expectAck(this.#delegate.heartbeatTracker.intervalMs * ACK_PATIENCE);
  }

  #sendFrame(kind: FrameKind, text: string): boolean {
    if (this.#socket.readyState !== OPEN) return false;
    this.limiter.record(kind);
    const opcode = this.#delegate.sentFrames.record(text);
    this.#socket.send(text);
    if (this.#delegate.frameTap.isObserved) this.#delegate.frameTap.sent(opcode, text);
    return true;
  }

  #reportLag(): void {
    const lateMs = this.#delegate.heartbeatTracker.consumeLagMs();
    if (lateMs !== null) this.#delegate.emitter.emit('lagged', { lateMs });
  }
}
