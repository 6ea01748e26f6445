/** A connection that plays a recording; of what it is told it only looks at IDENTIFYs and heartbeats. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { GatewayLog } from './log.ts';
import { Player } from './player.ts';
import type { Recording } from './recording.ts';
import { Op, sharedNow } from './talk.ts';
import type { Packet } from './talk.ts';

export interface RecordedSetting {
  readonly recording: Recording;
  readonly log: GatewayLog;
  readonly helloAfterMs: number;
}

export class RecordedConnection {
  readonly player: Player;
  readonly #log: GatewayLog;
  readonly #greeted: Promise<void>;
  #heartbeats = 0;

  constructor(socket: WebSocket, transport: Socket, { recording, log, helloAfterMs }: RecordedSetting) {
    this.#log = log;
    this.player = new Player(transport, recording);
    socket.on('error', () => socket.terminate());
    socket.on('message', (data: Buffer) => {
      const { op } = JSON.parse(data.toString()) as Packet;
      this.#answers[op]?.();
    });
    this.#greeted = sleep(helloAfterMs).then(() => this.player.write(0, 1));
  }

  readonly #answers: Readonly<Record<number, () => void>> = {
    // Not every client waits for HELLO.
    [Op.identify]: () => void this.#greeted.then(() => this.player.write(1, 2)),
    [Op.heartbeat]: () => {
      this.#heartbeats += 1;
      this.#log.heartbeats.push(sharedNow());
    },
  };

  /** How many heartbeats have not been answered. */
  takeHeartbeats(): number {
    const count = this.#heartbeats;
    this.#heartbeats = 0;
    return count;
  }
}
