/**
 * The way out to one client. Everything leaves in the order it was asked for, closing included, although
 * compressing takes its time.
 */
import type { Encoder, Frame, Transport } from './encoders.ts';
import { MessageEncoder, StreamEncoder } from './encoders.ts';
import type { PeerSocket } from './peer-socket.ts';
import type { Witness } from './witness.ts';

type Job = { readonly text: string } | { readonly act: () => void };

export class Wire {
  readonly socket: PeerSocket;
  readonly transport: Transport;
  readonly #encoder: Encoder;
  readonly #messages: MessageEncoder | null;
  readonly #witness: Witness | null;
  #jobs: Job[] = [];
  #busy = false;

  constructor(socket: PeerSocket, transport: Transport, witness: Witness | null) {
    this.socket = socket;
    this.#witness = witness;
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
    this.#enqueue({ act: () => this.#transmit(frame, () => this.#witness?.saidRaw(frame)) });
  }

  sendBroken(): void {
    this.#enqueue({ act: () => this.#transmit(this.#encoder.broken(), () => this.#witness?.saidBroken()) });
  }

  /** From here on large messages are compressed one by one. Whether it applies: not with transport compression. */
  compressMessages(fromBytes: number): boolean {
    this.#messages?.compressFrom(fromBytes);
    return this.#messages !== null;
  }

  close(code?: number, reason?: string): void {
    this.#enqueue({
      act: () => {
        if (this.#isOpen) this.#witness?.closedByGateway(code ?? null);
        this.socket.shut(code, reason);
      },
    });
  }

  terminate(): void {
    this.#jobs = [];
    this.#witness?.closedByGateway(null);
    this.socket.terminate();
  }

  #enqueue(job: Job): void {
    this.#jobs.push(job);
    if (!this.#busy) this.#work();
  }

  #work(): void {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      if ('act' in job) {
        job.act();
        continue;
      }
      this.#busy = true;
      let returned = false;
      this.#encoder.encode(job.text, (frame) => {
        this.#busy = false;
        this.#transmit(frame, () => this.#witness?.said(job.text));
        if (returned) this.#work();
      });
      returned = true;
      if (this.#busy) return;
    }
  }

  get #isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  #transmit(frame: Frame, testify: () => void): void {
    if (!this.#isOpen) return;
    testify();
    this.socket.send(frame, { binary: typeof frame !== 'string' }, () => undefined);
  }
}
