/**
 * A real socket whose news is held back: that it opened, failed or closed is only told when the test says so, however
 * soon it happens. So a test can let a timeout come first, and still it is the wire that speaks.
 */
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { createWebSocket } from '../../../../src/connection/web-socket.ts';
import type { SocketOptions, WebSocketLike } from '../../../../src/connection/web-socket.ts';
import type { Packet } from '../../../../src/protocol/packets.ts';

type SocketEventName = 'open' | 'error' | 'close';
type Listener = (...args: never[]) => void;

const CLOSING = 2;
const CLOSED = 3;

/** Two reserved bits and an opcode that does not exist. */
const INVALID_FRAME = Buffer.from([0x7f, 0x00]);

/** Knows the TCP connection of the request it was used for. */
class TappedAgent extends Agent {
  tcp: Socket | null = null;

  override createConnection(...args: Parameters<Agent['createConnection']>): ReturnType<Agent['createConnection']> {
    const stream = super.createConnection(...args);
    this.tcp = stream as Socket;
    return stream;
  }
}

export class ManualSocket implements WebSocketLike {
  readonly index: number;
  /** The opcodes of what was sent. */
  readonly sent: number[] = [];
  readonly #real: WebSocketLike;
  readonly #agent = new TappedAgent();
  readonly #listeners: Record<SocketEventName, Listener[]> = { open: [], error: [], close: [] };
  readonly #happened: Record<SocketEventName, Promise<unknown[]>>;
  #isCloseDelivered = false;

  constructor(index: number, url: string, { headers, maxPayload }: SocketOptions) {
    this.index = index;
    this.#real = createWebSocket(url, {
      headers: { ...headers, 'x-socket': String(index) },
      maxPayload,
      agent: this.#agent,
    });
    const happens = (event: SocketEventName): Promise<unknown[]> =>
      new Promise((resolve) => void this.#real.on(event as 'open', (...args: unknown[]) => resolve(args)));
    this.#happened = { open: happens('open'), error: happens('error'), close: happens('close') };
  }

  /** Settles when it is open, or will not be. */
  get attempted(): Promise<unknown> {
    return Promise.race([this.#happened.open, this.#happened.error, this.#happened.close]);
  }

  /** Settles when the real one is closed. */
  get closed(): Promise<unknown> {
    return this.#happened.close;
  }

  /** Tells what happened, as soon as it has. */
  async deliver(event: SocketEventName): Promise<void> {
    const args = await this.#happened[event];
    if (event === 'close') this.#isCloseDelivered = true;
    for (const listener of this.#listeners[event]) (listener as (...all: unknown[]) => void)(...args);
  }

  /** Lets bytes arrive that are no WebSocket frame. */
  receiveInvalidFrame(): void {
    this.#agent.tcp?.emit('data', INVALID_FRAME);
  }

  get readyState(): number {
    const { readyState } = this.#real;
    return readyState === CLOSED && !this.#isCloseDelivered ? CLOSING : readyState;
  }

  on(event: string, listener: Listener): this {
    if (event === 'message') this.#real.on(event, (...args) => (listener as (...all: unknown[]) => void)(...args));
    else this.#listeners[event as SocketEventName].push(listener);
    return this;
  }

  send(data: string): void {
    this.sent.push((JSON.parse(data) as Packet).op);
    this.#real.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#real.close(code, reason);
  }

  terminate(): void {
    this.#real.terminate();
  }

  pause(): void {
    this.#real.pause();
  }

  resume(): void {
    this.#real.resume();
  }
}
