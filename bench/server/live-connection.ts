/** A connection that answers live, for the scenarios with idle shards and reconnects. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { MessageEncoder, StreamEncoder } from '../../src/testing/fake-gateway/encoders.ts';
import type { Encoder, Frame } from '../../src/testing/fake-gateway/encoders.ts';
import type { GatewayLog } from './gateway-log.ts';
import type { Transport } from './recording.ts';
import { ACK_TEXT, Op, helloText, readyText, resumedText, sharedNow } from './packets.ts';
import type { Packet } from './packets.ts';

export interface LiveConnectionOptions {
  readonly heartbeatIntervalMs: number;
  readonly url: string;
  readonly log: GatewayLog;
  readonly helloAfterMs: number;
}

let sessions = 0;

export class LiveConnection {
  readonly #socket: WebSocket;
  readonly #options: LiveConnectionOptions;
  readonly #encoder: Encoder;
  /** Settles when the last message is encoded. Messages are encoded one by one, to keep their order. */
  #lastSend: Promise<void>;
  #helloAt: number | null = null;

  constructor(socket: WebSocket, transport: Transport, options: LiveConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#lastSend = sleep(options.helloAfterMs);
    this.#encoder =
      transport === 'zlib-stream' || transport === 'zstd-stream' ? new StreamEncoder(transport) : new MessageEncoder();
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#encoder.destroy());
    socket.on('message', (data: Buffer) => {
      const packet = JSON.parse(data.toString()) as Packet;
      this.#handlers[packet.op]?.(packet.d);
    });
    this.#send(helloText(options.heartbeatIntervalMs), () => (this.#helloAt = sharedNow()));
  }

  readonly #handlers: Readonly<Record<number, (d: unknown) => void>> = {
    [Op.heartbeat]: () => {
      this.#options.log.heartbeats.push(sharedNow());
      this.#send(ACK_TEXT);
    },
    [Op.identify]: (d) => {
      const { log, url } = this.#options;
      // Some clients identify before HELLO.
      log.helloToIdentifyMs.push(this.#helloAt === null ? 0 : sharedNow() - this.#helloAt);
      const { shard = [0, 1] } = d as { shard?: [number, number] };
      this.#send(readyText(`bench-${(sessions += 1)}`, url, shard), () => log.recordIdentify(sharedNow()));
    },
    [Op.resume]: (d) => {
      const { seq } = d as { seq: number };
      this.#send(resumedText(seq + 1), () => this.#options.log.recordResume(sharedNow()));
    },
  };

  #send(text: string, onSent?: () => void): void {
    const previous = this.#lastSend;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastSend = promise;
    const send = (frame: Frame): void => {
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(frame);
      onSent?.();
      resolve();
    };
    void previous.then(() => this.#encoder.encode(text, send));
  }
}
