/** A connection that replays a recording. It reads only IDENTIFYs and heartbeats of the client. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { GatewayLog } from './gateway-log.ts';
import { Replayer } from './replayer.ts';
import type { Recording } from './recording.ts';
import { Op, sharedNow } from './packets.ts';
import type { Packet } from './packets.ts';

export interface RecordedConnectionOptions {
  readonly recording: Recording;
  readonly log: GatewayLog;
  readonly helloAfterMs: number;
}

export class RecordedConnection {
  readonly replayer: Replayer;
  readonly #log: GatewayLog;
  readonly #helloSent: Promise<void>;
  #heartbeats = 0;
  /** The shard that has identified. */
  shardId = 0;

  constructor(socket: WebSocket, transport: Socket, { recording, log, helloAfterMs }: RecordedConnectionOptions) {
    this.#log = log;
    this.replayer = new Replayer(transport, recording);
    socket.on('error', () => socket.terminate());
    socket.on('message', (data: Buffer) => {
      const { op, d } = JSON.parse(data.toString()) as Packet;
      this.#handlers[op]?.(d);
    });
    this.#helloSent = sleep(helloAfterMs).then(() => this.replayer.write(0, 1));
  }

  readonly #handlers: Readonly<Record<number, (d: unknown) => void>> = {
    // Some clients identify before HELLO.
    [Op.identify]: (d) => {
      this.shardId = (d as { shard?: [number, number] }).shard?.[0] ?? 0;
      void this.#helloSent.then(() => this.replayer.write(1, 2));
    },
    [Op.heartbeat]: () => {
      this.#heartbeats += 1;
      this.#log.heartbeats.push(sharedNow());
    },
  };

  /** Returns the number of unanswered heartbeats, and resets it. */
  consumeHeartbeats(): number {
    const count = this.#heartbeats;
    this.#heartbeats = 0;
    return count;
  }
}
