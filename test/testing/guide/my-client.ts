import type { Clock } from '../../../src/index.ts';

interface Packet {
  readonly op: number;
  readonly d?: unknown;
  readonly s?: number | null;
}

/** A client that identifies and sends heartbeats. `send` writes to its socket. */
export class MyClient {
  readonly #clock: Clock;
  readonly #send: (text: string) => void;
  #sequence: number | null = null;

  constructor(clock: Clock, send: (text: string) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Call it with every packet of the gateway. */
  receive({ op, d, s }: Packet): void {
    if (op === 0) this.#sequence = s ?? this.#sequence;
    if (op !== 10) return;
    this.#heartbeatEvery((d as { heartbeat_interval: number }).heartbeat_interval);
    const properties = { os: 'linux', browser: 'mine', device: 'mine' };
    this.#send(JSON.stringify({ op: 2, d: { token: 'secret', intents: 1, properties } }));
  }

  #heartbeatEvery(intervalMs: number): void {
    this.#clock.setTimeout(() => {
      this.#send(JSON.stringify({ op: 1, d: this.#sequence }));
      this.#heartbeatEvery(intervalMs);
    }, intervalMs);
  }
}
