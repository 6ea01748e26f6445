/** One client's connection, as a test sees it: what came in, and what to do to it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Packet } from '../../protocol/packets.ts';
import { ServerConnection } from './server-connection.ts';
import type { Transport } from './encoders.ts';
import type { CloseFrame } from './close-frame.ts';
import type { PeerSocket } from './peer-socket.ts';
import { Opcodes } from '../../protocol/opcodes.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { ShardKey } from './sessions.ts';
import { Waiters } from './waiters.ts';
import { FrameWriter } from './frame-writer.ts';
import { OracleRecorder } from './oracle-recorder.ts';

/** How a connection ended, and who began it. */
export interface FakeClosure {
  /** `transport`: the client dropped the TCP connection without a close frame. */
  readonly by: 'client' | 'gateway' | 'transport';
  /** The close code of who began; 1005 for a close frame without one, `null` when there was no close frame. */
  readonly code: number | null;
  readonly reason: string;
}

/** What is known of a connection when it is opened. */
export interface FakeRequest {
  readonly index: number;
  readonly url: string;
  readonly isResumeUrl: boolean;
  readonly headers: IncomingHttpHeaders;
  readonly version: number | null;
  readonly transport: Transport;
}

/** A connection to a {@link FakeGateway}; it stays readable after it has closed. */
export class FakeConnection {
  /** Its place in {@link FakeGateway.history}, from 0. */
  readonly index: number;
  /** The URL it was opened with, query included. */
  readonly url: string;
  /** Whether it came to {@link FakeGateway.resumeUrl}. */
  readonly isResumeUrl: boolean;
  /** The headers of the upgrade request. */
  readonly headers: IncomingHttpHeaders;
  /** When it was opened, in milliseconds of the gateway's clock. */
  readonly openedAt: number;
  /** Settles when the socket is gone; never rejects. */
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
    const recorder = context.oracle === null ? null : new OracleRecorder(context.oracle.connect(request.url));
    this.#writer = new FrameWriter(socket, request.transport, recorder);
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
        recorder?.finish();
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
      recorder?.received(frame);
      this.#server.receive(frame);
    });
    socket.on('error', (error) => {
      socket.markProtocolError();
      this.#server.recordViolation(4002, `a broken WebSocket frame: ${error.message}`);
    });
    socket.onClientClose = (frame) => {
      recorder?.closedByClient(frame.code);
      this.#server.onClientClose(frame.code);
      ownContext.notifyChange();
    };
    if (request.version === null) this.#server.reject(4012, 'a gateway URL whose v is not a known API version');
    else this.#server.sendHello();
  }

  /** Everything the client has sent, decoded, in order; frames that are not payloads are missing. */
  get received(): readonly Packet[] {
    return this.#server.received;
  }

  /** `[shard_id, num_shards]` once the client has identified or resumed. */
  get shard(): ShardKey | null {
    return this.#server.shard;
  }

  /** The session READY or RESUME gave this connection; `null` before, and after op 9. */
  get sessionId(): string | null {
    return this.#server.session?.id ?? null;
  }

  /** The presence last set, by IDENTIFY or op 3. */
  get presence(): unknown {
    return this.#server.presence;
  }

  /** Transport compression asked for in the query. */
  get compression(): Transport {
    return this.#writer.transport;
  }

  /** Whether the socket is open or closing. */
  get isOpen(): boolean {
    return this.#closure === null;
  }

  /** The close frame by which the client began to close; its code is 1005 if it had none. `null` if it did not. */
  get closedWith(): CloseFrame | null {
    return this.#writer.socket.clientClose;
  }

  /**
   * Closes with a close frame, after everything sent before. Without a code the frame has none. 4003, 4007 and
   * 4009 end the session, any other code keeps it.
   * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
   */
  close(code?: number, reason?: string): void {
    this.#server.close(code, reason);
  }

  /** Drops the TCP connection at once, with no close frame; the session is kept. */
  terminate(): void {
    this.#terminated = true;
    this.#writer.terminate();
  }

  /**
   * Sends op 7; the connection stays open.
   * @see https://discord.com/developers/docs/events/gateway-events#reconnect
   */
  requestReconnect(): void {
    this.#server.send(Opcodes.Reconnect);
  }

  /**
   * Sends op 9. With `false` the session is ended, with `true` it can be resumed.
   * @see https://discord.com/developers/docs/events/gateway-events#invalid-session
   */
  invalidateSession(resumable: boolean): void {
    this.#server.invalidate(resumable);
  }

  /**
   * Sends op 1, which the client must answer with a heartbeat at once.
   * @see https://discord.com/developers/docs/events/gateway#heartbeat-requests
   */
  requestHeartbeat(): void {
    this.#server.send(Opcodes.Heartbeat);
  }

  /** Stops acknowledging heartbeats, which makes this a zombie connection. */
  holdAcks(): void {
    this.#server.acks.hold();
  }

  /** Sends the acknowledgements held back, and acknowledges again. */
  releaseAcks(): void {
    this.#server.acks.release();
  }

  /** Accepts IDENTIFY but does not answer it with READY. */
  holdReady(): void {
    this.#server.ready.hold();
  }

  /** Sends the READY held back. */
  releaseReady(): void {
    this.#server.ready.release();
  }

  /** Does not answer Request Guild Members. */
  holdMembers(): void {
    this.#server.members.hold();
  }

  /** Gives the member answers held back. */
  releaseMembers(): void {
    this.#server.members.release();
  }

  /** Sends a frame as it is, uncompressed: a string as text, bytes as binary. */
  sendRaw(data: string | Uint8Array): void {
    this.#writer.sendRaw(data);
  }

  /** Sends a frame that can't be decoded: broken compressed data, or broken JSON where nothing is compressed. */
  corrupt(): void {
    this.#writer.sendBrokenFrame();
  }

  /** From now on the client's close frame gets no answer, so its close handshake never ends. */
  ignoreCloses(): void {
    this.#writer.socket.answersCloses = false;
  }

  /**
   * Settles with the `count`-th packet of this opcode the client has sent, which may have come before.
   * Rejects when the connection closes without.
   * @defaultValue count: 1
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
