/**
 * The way out to one client. Everything leaves in the order it was asked for, closing included, although
 * compressing takes its time.
 */
import type { Encoder, Frame, Transport } from './encoders.ts';
import { MessageEncoder, StreamEncoder } from './encoders.ts';
import type { PeerSocket } from './peer-socket.ts';
import type { OracleRecorder } from './oracle-recorder.ts';

type Job = { readonly text: string } | { readonly run: () => void };

export class FrameWriter {
  readonly socket: PeerSocket;
  readonly transport: Transport;
  readonly #encoder: Encoder;
  readonly #messages: MessageEncoder | null;
  readonly #recorder: OracleRecorder | null;
  #jobs: Job[] = [];
  #busy = false;

  constructor(socket: PeerSocket, transport: Transport, recorder: OracleRecorder | null) {
    this.socket = socket;
    this.#recorder = recorder;
    this.transport = transport;
    this.#messages = transport === 'none' ? new MessageEncoder() : null;
    this.#encoder = transport === 'none' ? (this.#messages ?? new MessageEncoder()) : new StreamEncoder(transport);
    socket.once('close', () => {
      this.#jobs = [];
      this.#encoder.destroy();
    });
  }

  /** Sends a gateway message, compressed as the client asked. */
  send(text: string): void {
    this.#enqueue({ text });
  }

  /** Sends a frame as it is. */
  sendRaw(frame: Frame): void {
    this.#enqueue({ run: () => this.#transmit(frame, () => this.#recorder?.sentRaw(frame)) });
  }

  sendBrokenFrame(): void {
    this.#enqueue({ run: () => this.#transmit(this.#encoder.brokenFrame(), () => this.#recorder?.sentBroken()) });
  }

  /** From here on large messages are compressed one by one. Whether it applies: not with transport compression. */
  compressMessages(minBytes: number): boolean {
    this.#messages?.compressAbove(minBytes);
    return this.#messages !== null;
  }

  close(code?: number, reason?: string): void {
    this.#enqueue({
      run: () => {
        if (this.#isOpen) this.#recorder?.closedByGateway(code ?? null);
        this.socket.closeFromServer(code, reason);
      },
    });
  }

  terminate(): void {
    this.#jobs = [];
    this.#recorder?.closedByGateway(null);
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
        this.#transmit(frame, () => this.#recorder?.sent(job.text));
        if (returned) this.#runJobs();
      });
      returned = true;
      if (this.#busy) return;
    }
  }

  get #isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  #transmit(frame: Frame, record: () => void): void {
    if (!this.#isOpen) return;
    record();
    this.socket.send(frame, { binary: typeof frame !== 'string' }, () => undefined);
  }
}
