/**
 * A gateway in memory, for behaviours about long times: it answers on the virtual clock, and everything it does can be
 * switched off.
 */
import type { SocketOptions, WebSocketLike } from '../../src/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import type { VirtualClock } from '../../src/testing/virtual-clock.ts';

type Listener = (...args: never[]) => void;

export class MemorySocket implements WebSocketLike {
  readyState = 0;
  readonly url: URL;
  readonly options: SocketOptions;
  readonly openedAt: number;
  /** What the client sent, and when. */
  readonly sent: (Packet & { at: number })[] = [];
  /** How the client ended it. */
  closedWith: number | 'terminated' | null = null;
  paused = false;
  readonly #gateway: MemoryGateway;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(gateway: MemoryGateway, url: string, options: SocketOptions) {
    this.#gateway = gateway;
    this.url = new URL(url);
    this.options = options;
    this.openedAt = gateway.clock.now();
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  send(text: string): void {
    const packet = { ...(JSON.parse(text) as Packet), at: this.#gateway.clock.now() };
    this.sent.push(packet);
    this.#gateway.later(() => this.#gateway.answer(this, packet));
  }

  close(code?: number): void {
    this.closedWith = code ?? 1005;
    this.readyState = 2;
    if (this.#gateway.answers.close) this.#gateway.later(() => this.end(code ?? 1005));
  }

  terminate(): void {
    if (this.closedWith === null) this.closedWith = 'terminated';
    this.#gateway.later(() => this.end(1006));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  open(): void {
    this.readyState = 1;
    this.#emit('open');
  }

  receive(packet: Packet): void {
    this.receiveRaw(Buffer.from(JSON.stringify(packet)), false);
  }

  receiveRaw(data: Buffer, isBinary: boolean): void {
    if (this.readyState === 1) this.#emit('message', data, isBinary);
  }

  /** Closed, by whomever. */
  end(code: number, reason = ''): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#emit('close', code, Buffer.from(reason));
  }

  fail(message: string): void {
    this.#emit('error', new Error(message));
    this.end(1006);
  }

  sentOps(): number[] {
    return this.sent.map(({ op }) => op);
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (...all: unknown[]) => void)(...args);
  }
}

export class MemoryGateway {
  readonly clock: VirtualClock;
  readonly sockets: MemorySocket[] = [];
  /** What it does by itself. */
  readonly answers = { open: true, hello: true, ack: true, ready: true, resumed: true, close: true, refuse: false };
  heartbeatIntervalMs: unknown = 40_000;
  latencyMs = 1;
  sequence = 0;
  sessions = 0;
  /** Called with each packet before it is answered; `true` means that it has been dealt with. */
  intercept: (socket: MemorySocket, packet: Packet) => boolean = () => false;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  readonly createSocket = (url: string, options: SocketOptions): MemorySocket => {
    const socket = new MemorySocket(this, url, options);
    this.sockets.push(socket);
    this.later(() => {
      if (socket.readyState !== 0) return;
      if (this.answers.refuse) socket.fail('connect ECONNREFUSED 127.0.0.1:443');
      else if (this.answers.open) {
        socket.open();
        if (this.answers.hello) this.hello(socket);
      }
    });
    return socket;
  };

  get last(): MemorySocket {
    return this.sockets.at(-1)!;
  }

  /** Every packet of an opcode, over all sockets, with its time. */
  sent(op: number): (Packet & { at: number })[] {
    return this.sockets.flatMap((socket) => socket.sent.filter((packet) => packet.op === op));
  }

  hello(socket: MemorySocket): void {
    socket.receive({ op: 10, d: { heartbeat_interval: this.heartbeatIntervalMs } });
  }

  dispatch(t: string, d: unknown = {}, socket = this.last): void {
    this.sequence += 1;
    socket.receive({ op: 0, t, s: this.sequence, d });
  }

  ready(socket = this.last): void {
    this.sessions += 1;
    this.dispatch('READY', { session_id: `session-${this.sessions}`, resume_gateway_url: 'wss://resume.test' }, socket);
  }

  later(run: () => void): void {
    this.clock.setTimeout(run, this.latencyMs);
  }

  answer(socket: MemorySocket, packet: Packet): void {
    if (socket.readyState !== 1 || this.intercept(socket, packet)) return;
    if (packet.op === 1 && this.answers.ack) socket.receive({ op: 11 });
    if (packet.op === 2 && this.answers.ready) this.ready(socket);
    if (packet.op === 6 && this.answers.resumed) this.dispatch('RESUMED', {}, socket);
  }
}
