/** A connection that answers as it is asked: for what happens in idle shards, and when they are lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { MessageEncoder, StreamEncoder } from '../../src/testing/encoders.ts';
import type { Encoder, Frame } from '../../src/testing/encoders.ts';
import type { GatewayLog } from './log.ts';
import type { Transport } from './recording.ts';
import { ACK_TEXT, Op, helloText, readyText, resumedText, sharedNow } from './talk.ts';
import type { Packet } from './talk.ts';

export interface LiveSetting {
  readonly heartbeatIntervalMs: number;
  readonly url: string;
  readonly log: GatewayLog;
  readonly helloAfterMs: number;
}

let sessions = 0;

class LiveConnection {
  readonly #socket: WebSocket;
  readonly #setting: LiveSetting;
  readonly #encoder: Encoder;
  /** The end of what is being encoded: one message at a time, in order. */
  #said: Promise<void>;
  #helloAt: number | null = null;

  constructor(socket: WebSocket, transport: Transport, setting: LiveSetting) {
    this.#socket = socket;
    this.#setting = setting;
    this.#said = sleep(setting.helloAfterMs);
    this.#encoder = transport === 'zlib-stream' || transport === 'zstd-stream' ? new StreamEncoder(transport) : new MessageEncoder();
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#encoder.destroy());
    socket.on('message', (data: Buffer) => {
      const packet = JSON.parse(data.toString()) as Packet;
      this.#answers[packet.op]?.(packet.d);
    });
    this.#say(helloText(setting.heartbeatIntervalMs), () => (this.#helloAt = sharedNow()));
  }

  readonly #answers: Readonly<Record<number, (d: unknown) => void>> = {
    [Op.heartbeat]: () => this.#say(ACK_TEXT),
    [Op.identify]: (d) => {
      const { log, url } = this.#setting;
      // Not every client waits for HELLO.
      log.helloToIdentifyMs.push(this.#helloAt === null ? 0 : sharedNow() - this.#helloAt);
      const { shard = [0, 1] } = d as { shard?: [number, number] };
      this.#say(readyText(`bench-${(sessions += 1)}`, url, shard), () => log.identify(sharedNow()));
    },
    [Op.resume]: (d) => {
      const { seq } = d as { seq: number };
      this.#say(resumedText(seq + 1), () => this.#setting.log.resume(sharedNow()));
    },
  };

  #say(text: string, sent?: () => void): void {
    const previous = this.#said;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#said = promise;
    const send = (frame: Frame): void => {
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(frame);
      sent?.();
      resolve();
    };
    void previous.then(() => this.#encoder.encode(text, send));
  }
}

/** It lives as long as its socket. */
export function converse(socket: WebSocket, transport: Transport, setting: LiveSetting): LiveConnection {
  return new LiveConnection(socket, transport, setting);
}
