/** One connection of a shard to the gateway of the cluster world, with both of its ends. */
import type { WebSocketLike } from '../../src/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import type { GatewaySession, SessionConnection } from '../gateway-session.ts';
import type { ClusterGateway } from './cluster-gateway.ts';
import type { NodeProcess } from './node-process.ts';

type Listener = (...args: never[]) => void;

export class ClusterSocket implements WebSocketLike, SessionConnection {
  readonly proc: NodeProcess;
  readonly url: string;
  readyState = 0;
  /** The session that the gateway sends here. */
  session: GatewaySession | null = null;
  isPaused = false;
  readonly #gateway: ClusterGateway;
  /** How much longer than to others the way to this shard is. */
  readonly #lagMs: number;
  readonly #listeners = new Map<string, Listener[]>();
  /** What has arrived while the shard does not read. */
  readonly #unread: Packet[] = [];
  /** The index in the log of the session of the next dispatch. */
  #cursor = 0;
  /** Whether the gateway has closed its end. */
  #isClosed = false;

  constructor(gateway: ClusterGateway, { proc, url, lagMs }: { proc: NodeProcess; url: string; lagMs: number }) {
    this.#gateway = gateway;
    this.proc = proc;
    this.url = url;
    this.#lagMs = lagMs;
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  send(text: string): void {
    if (this.readyState !== 1) return;
    const packet = JSON.parse(text) as Packet;
    this.#gateway.travel(() => {
      if (this.#isClosed) return;
      this.#gateway.log.record('gateway.received', { socket: this, text });
      this.#gateway.receive(this, packet);
    });
  }

  close(code = 1005): void {
    if (this.readyState >= 2) return;
    this.readyState = 2;
    this.#gateway.onClosedByShard(this, code);
    this.#gateway.travel(() => {
      this.#leaveSession('shard', code);
      this.#gateway.travel(() => this.proc.clock.arrive(() => this.#end(code)));
    });
  }

  terminate(): void {
    if (this.readyState === 3) return;
    this.#gateway.travel(() => this.#leaveSession('shard', null));
    this.proc.clock.setTimeout(() => this.#end(1006), 0);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.proc.clock.setTimeout(() => this.#read(), 0);
  }

  /** The gateway accepts the connection. */
  open(): void {
    this.#arrive(() => {
      if (this.readyState !== 0) return;
      this.readyState = 1;
      this.#emit('open');
    });
  }

  /** The gateway sends a packet. */
  push(packet: Packet): void {
    if (this.#isClosed) return;
    this.#gateway.log.record('gateway.sent', { socket: this, packet });
    this.#arrive(() => {
      this.#unread.push(packet);
      this.#read();
    });
  }

  /** The session is sent here from now on, after `index` of its log. */
  attach(session: GatewaySession, index: number): void {
    const old = session.connection;
    this.session = session;
    session.connection = this;
    this.#cursor = index;
    if (old !== null && old !== this) old.drop();
  }

  sendPending(): void {
    const { session } = this;
    if (session === null || session.connection !== this) return;
    for (; this.#cursor < session.log.length; this.#cursor += 1) {
      const { s, t, d } = session.log[this.#cursor]!;
      this.push({ op: 0, t, s, d });
    }
  }

  /** The TCP connection ends, without a close frame. */
  drop(): void {
    this.#leaveSession('gateway', null);
    this.#arrive(() => this.#end(1006));
  }

  #leaveSession(by: 'shard' | 'gateway', code: number | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#gateway.log.record('gateway.ended', { socket: this, by, code });
    this.#gateway.sockets.delete(this);
    // Discord keeps the session after every other code.
    if (this.session !== null && (code === 1_000 || code === 1_001)) this.session.endedBy = 'closed';
    if (this.session?.connection === this) this.session.connection = null;
  }

  #arrive(run: () => void): void {
    this.#gateway.travel(() => this.proc.clock.arrive(run), this.#lagMs);
  }

  #read(): void {
    while (!this.isPaused && this.readyState === 1) {
      const packet = this.#unread.shift();
      if (packet === undefined) return;
      this.#emit('message', Buffer.from(JSON.stringify(packet)), false);
    }
  }

  #end(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#emit('close', code, Buffer.alloc(0));
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (...all: unknown[]) => void)(...args);
  }
}
