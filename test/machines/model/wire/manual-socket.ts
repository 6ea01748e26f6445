/**
 * A real socket that holds back its events: the shard learns that it opened, failed or closed when the test says so. So
 * a test can let a timeout come first and still use real frames.
 */
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { createWebSocket } from '../../../../src/connection/web-socket.ts';
import type { SocketOptions, WebSocketLike } from '../../../../src/index.ts';
import type { Packet } from '../../../../src/protocol/packets.ts';

type SocketEventName = 'open' | 'error' | 'close';
type Listener = (...args: never[]) => void;

const CLOSING = 2;
const CLOSED = 3;

/** Two reserved bits and an opcode that does not exist. */
const INVALID_FRAME = Buffer.from([0x7f, 0x00]);

/** Gives access to the TCP connection of its request. */
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
  /** The opcodes of the sent packets. */
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
    const nextEvent = (event: SocketEventName): Promise<unknown[]> =>
      new Promise((resolve) => void this.#real.on(event as 'open', (...args: unknown[]) => resolve(args)));
    this.#happened = { open: nextEvent('open'), error: nextEvent('error'), close: nextEvent('close') };
  }

  /** Resolves when the attempt to open it has succeeded or failed. */
  get attempted(): Promise<unknown> {
    return Promise.race([this.#happened.open, this.#happened.error, this.#happened.close]);
  }

  /** Resolves when the real socket is closed. */
  get closed(): Promise<unknown> {
    return this.#happened.close;
  }

  /**
   * Emits an event to the shard as soon as it has happened.
   * @param instead - other details of the event
   */
  async deliver(event: SocketEventName, instead: unknown[] | null = null): Promise<void> {
    const happened = await this.#happened[event];
    const args = instead ?? happened;
    if (event === 'close') this.#isCloseDelivered = true;
    for (const listener of this.#listeners[event]) (listener as (...all: unknown[]) => void)(...args);
  }

  /** Receives bytes that are not a WebSocket frame. */
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
