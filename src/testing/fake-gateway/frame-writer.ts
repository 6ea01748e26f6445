/**
 * Sends frames to one client. Frames and the close leave in the order of the calls, although compression is
 * asynchronous. In a strict gateway it reports each frame to the oracle at the moment it leaves.
 */
import type { Encoder, Frame, Transport } from './encoders.ts';
import { MessageEncoder, StreamEncoder } from './encoders.ts';
import { parsePacket } from '../json-object.ts';
import type { OracleConnection } from '../oracle/oracle-connection.ts';
import type { PeerSocket } from './peer-socket.ts';

type Job = { readonly text: string } | { readonly run: () => void };

export class FrameWriter {
  readonly socket: PeerSocket;
  readonly transport: Transport;
  readonly #encoder: Encoder;
  readonly #messages: MessageEncoder | null;
  readonly #oracle: OracleConnection | null;
  #jobs: Job[] = [];
  #busy = false;

  constructor(socket: PeerSocket, transport: Transport, oracle: OracleConnection | null) {
    this.socket = socket;
    this.#oracle = oracle;
    this.transport = transport;
    this.#messages = transport === 'none' ? new MessageEncoder() : null;
    this.#encoder = transport === 'none' ? (this.#messages ?? new MessageEncoder()) : new StreamEncoder(transport);
    socket.once('close', () => {
      this.#jobs = [];
      this.#encoder.destroy();
    });
  }

  /** Sends a packet, compressed as the client asked. */
  send(text: string): void {
    this.#enqueue({ text });
  }

  /** Sends a frame unchanged. */
  sendRaw(frame: Frame): void {
    this.#enqueue({ run: () => this.#transmit(frame, () => this.#reportSent(frame)) });
  }

  sendBrokenFrame(): void {
    // The client can't decode what follows, so the oracle must not expect it to react.
    this.#enqueue({ run: () => this.#transmit(this.#encoder.brokenFrame(), () => this.#oracle?.allowLoss()) });
  }

  /**
   * Compresses large messages one by one from now on. Returns `false` with transport compression, which excludes it.
   */
  compressMessages(minBytes: number): boolean {
    this.#messages?.compressAbove(minBytes);
    return this.#messages !== null;
  }

  close(code?: number, reason?: string): void {
    this.#enqueue({
      run: () => {
        if (this.socket.isSendable) this.#oracle?.closedByGateway(code ?? null);
        this.socket.closeFromServer(code, reason);
      },
    });
  }

  /** Ends the connection without a close frame, after everything sent before. */
  end(): void {
    this.#enqueue({
      run: () => {
        this.#oracle?.closedByGateway(null);
        this.socket.end();
      },
    });
  }

  terminate(): void {
    this.#jobs = [];
    this.#oracle?.closedByGateway(null);
    this.socket.terminate();
  }

  #enqueue(job: Job): void {
    this.#jobs.push(job);
    if (!this.#busy) this.#runJobs();
  }

  #runJobs(): void {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      if ('run' in job) {
        job.run();
        continue;
      }
      this.#busy = true;
      let returned = false;
      this.#encoder.encode(job.text, (frame) => {
        this.#busy = false;
        this.#transmit(frame, () => this.#reportSent(job.text));
        if (returned) this.#runJobs();
      });
      returned = true;
      if (this.#busy) return;
    }
  }

  #reportSent(frame: Frame): void {
    if (this.#oracle === null) return;
    const packet = parsePacket(typeof frame === 'string' ? frame : Buffer.from(frame).toString());
    if (packet === null) this.#oracle.markUndecodable();
    else this.#oracle.sent(packet);
  }

  #transmit(frame: Frame, record: () => void): void {
    if (!this.socket.isSendable) return;
    record();
    this.socket.send(frame, { binary: typeof frame !== 'string' }, () => undefined);
  }
}
