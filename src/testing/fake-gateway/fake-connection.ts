/** One client's connection as a test sees it: what the client sent, and the faults a test can inject. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Packet } from '../../protocol/packets.ts';
import { ServerConnection } from './server-connection.ts';
import type { Transport } from './encoders.ts';
import type { CloseFrame } from './fake-types.ts';
import type { PeerSocket } from './peer-socket.ts';
import { Opcodes } from '../../protocol/opcodes.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { ShardKey } from './sessions.ts';
import { Waiters } from './waiters.ts';
import { FrameWriter } from './frame-writer.ts';

/** How a connection ended. */
export interface FakeClosure {
  /** Who ended the connection. `transport`: the client dropped the TCP connection without a close frame. */
  readonly by: 'client' | 'gateway' | 'transport';
  /** The code of the first close frame; 1005 when it carried none, `null` when there was no close frame. */
  readonly code: number | null;
  /** The reason of the first close frame; empty when there was none. */
  readonly reason: string;
}

/** What the gateway knows about a connection when it opens. */
export interface FakeRequest {
  readonly index: number;
  readonly url: string;
  readonly isResumeUrl: boolean;
  readonly headers: IncomingHttpHeaders;
  readonly version: number | null;
  readonly transport: Transport;
}

/** A connection to a {@link FakeGateway}. It stays readable after it has closed. */
export class FakeConnection {
  /** The index of the connection in {@link FakeGateway.history}, from 0. */
  readonly index: number;
  /** The URL that the client opened, query included. */
  readonly url: string;
  /** Whether the client opened {@link FakeGateway.resumeUrl}. */
  readonly isResumeUrl: boolean;
  /** The headers of the upgrade request. */
  readonly headers: IncomingHttpHeaders;
  /** When the connection opened, in milliseconds of the gateway's clock. */
  readonly openedAt: number;
  /** Resolves when the socket is closed. Never rejects. */
  readonly closed: Promise<FakeClosure>;
  readonly #writer: FrameWriter;
  readonly #server: ServerConnection;
  readonly #waiters = new Waiters();
  #closure: FakeClosure | null = null;
  #terminated = false;

  /** @internal */
  constructor(context: GatewayContext, socket: PeerSocket, request: FakeRequest) {
    this.index = request.index;
    this.url = request.url;
    this.isResumeUrl = request.isResumeUrl;
    this.headers = request.headers;
    this.openedAt = context.clock.now();
    const oracle = context.oracle?.connect(request.url) ?? null;
    this.#writer = new FrameWriter(socket, request.transport, oracle);
    const ownContext: GatewayContext = {
      ...context,
      notifyChange: () => {
        this.#waiters.checkAll();
        context.notifyChange();
      },
    };
    this.#server = new ServerConnection(ownContext, this.#writer, request.index, request.version ?? 0);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        const closure = this.#closureOf(socket);
        this.#closure = closure;
        this.#server.onSocketClosed();
        oracle?.finish();
        this.#waiters.checkAll();
        this.#waiters.rejectAll(
          new Error(`connection ${this.index} closed (${closure.by}, ${closure.code ?? 'no code'})`),
        );
        resolve(closure);
        context.notifyChange();
      });
    });
    socket.on('message', (data) => {
      const frame = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
      oracle?.received(frame.toString());
      this.#server.receive(frame);
    });
    socket.on('error', (error) => {
      socket.markProtocolError();
      this.#server.recordViolation(4002, `a WebSocket frame is broken: ${error.message}`);
    });
    socket.onClientClose = (frame) => {
      oracle?.closedByClient(frame.code);
      this.#server.onClientClose(frame.code);
      ownContext.notifyChange();
    };
    if (request.version === null) this.#server.reject(4012, 'the gateway URL has no known API version in v');
    else this.#server.sendHello();
  }

  /** Every packet the client has sent, decoded and in order. Frames that are not packets are left out. */
  get received(): readonly Packet[] {
    return this.#server.received;
  }

  /** `[shard_id, num_shards]`; `null` until the client has identified or resumed. */
  get shard(): ShardKey | null {
    return this.#server.shard;
  }

  /** The id of the session on this connection; `null` before READY or RESUME, and after op 9. */
  get sessionId(): string | null {
    return this.#server.session?.id ?? null;
  }

  /** The presence that the client set last, in IDENTIFY or with op 3; `null` if it set none. */
  get presence(): unknown {
    return this.#server.presence;
  }

  /** The transport compression in the query of the URL. */
  get compression(): Transport {
    return this.#writer.transport;
  }

  /** Whether the socket is open or closing. */
  get isOpen(): boolean {
    return this.#closure === null;
  }

  /** The close frame with which the client began to close; `null` if the client has not begun to close. */
  get closedWith(): CloseFrame | null {
    return this.#writer.socket.clientClose;
  }

  /**
   * Sends a close frame, after everything sent before it. 4003, 4007 and 4009 end the session; other codes keep it.
   * @param code - Default: a close frame without a code.
   * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
   */
  close(code?: number, reason?: string): void {
    this.#server.close(code, reason);
  }

  /**
   * Ends the TCP connection without a close frame. The client still receives everything sent before. The session is kept.
   */
  end(): void {
    this.#terminated = true;
    this.#writer.end();
  }

  /** Drops the TCP connection at once, without a close frame. The session is kept. */
  terminate(): void {
    this.#terminated = true;
    this.#writer.terminate();
  }

  /**
   * Sends op 7 (Reconnect). The connection stays open until the client closes it.
   * @see https://discord.com/developers/docs/events/gateway-events#reconnect
   */
  requestReconnect(): void {
    this.#server.send(Opcodes.Reconnect);
  }

  /**
   * Sends op 9 (Invalid Session). `false` ends the session; with `true` the client can resume it.
   * @see https://discord.com/developers/docs/events/gateway-events#invalid-session
   */
  invalidateSession(resumable: boolean): void {
    this.#server.invalidate(resumable);
  }

  /**
   * Sends op 1 (Heartbeat). The client must answer with a heartbeat at once.
   * @see https://discord.com/developers/docs/events/gateway#heartbeat-requests
   */
  requestHeartbeat(): void {
    this.#server.send(Opcodes.Heartbeat);
  }

  /** Stops acknowledging heartbeats until {@link FakeConnection.releaseAcks}: the connection becomes a zombie. */
  holdAcks(): void {
    this.#server.acks.hold();
  }

  /** Sends the ACKs held back, and acknowledges heartbeats again. */
  releaseAcks(): void {
    this.#server.acks.release();
  }

  /** Accepts IDENTIFY, but sends no READY until {@link FakeConnection.releaseReady}. */
  holdReady(): void {
    this.#server.ready.hold();
  }

  /** Sends the READY held back, and no longer holds a new one. */
  releaseReady(): void {
    this.#server.ready.release();
  }

  /** Does not answer Request Guild Members until {@link FakeConnection.releaseMembers}. */
  holdMembers(): void {
    this.#server.members.hold();
  }

  /** Sends the member chunks held back, and no longer holds new ones. */
  releaseMembers(): void {
    this.#server.members.release();
  }

  /** Sends a frame unchanged and uncompressed: a string as text, bytes as binary. */
  sendRaw(data: string | Uint8Array): void {
    this.#writer.sendRaw(data);
  }

  /** Sends a frame that no client can decode: broken compressed data, or broken JSON without compression. */
  corrupt(): void {
    this.#writer.sendBrokenFrame();
  }

  /** Leaves the client's close frame unanswered from now on, so that its close handshake never completes. */
  ignoreCloses(): void {
    this.#writer.socket.answersCloses = false;
  }

  /**
   * Resolves with the `count`-th packet of this opcode that the client has sent, past packets included. Rejects with an
   * `Error` when the connection closes before that packet came.
   * @param count - Default: 1.
   */
  waitFor(op: number, count = 1): Promise<Packet> {
    return this.#waiters.until(() => this.received.filter((packet) => packet.op === op)[count - 1]);
  }

  #closureOf({ serverClose, clientClose }: PeerSocket): FakeClosure {
    if (clientClose !== null) return { by: 'client', ...clientClose };
    if (serverClose !== null) return { by: 'gateway', ...serverClose };
    return { by: this.#terminated ? 'gateway' : 'transport', code: null, reason: '' };
  }
}
