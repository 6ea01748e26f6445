/** The shard's end of a WebSocket. It behaves like `ws`: it pauses, closes in steps, and terminates. */
import type { WebSocketLike } from '../src/index.ts';
import type { Packet } from '../src/protocol/packets.ts';
import type { GatewayConnection } from './gateway-connection.ts';
import type { HeapEntry } from './heap.ts';
import type { Link } from './link.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { World } from './world.ts';

type Handler = (...args: never[]) => void;

/** One WebSocket message, with the packets that it completes. */
export interface Frame {
  readonly data: Buffer;
  readonly isBinary: boolean;
  readonly packets: readonly Packet[];
}

/** How long `ws` waits for the answer to a close frame. */
const CLOSE_TIMEOUT_MS = 30_000;

const isSendableCode = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);

export class SimSocket implements WebSocketLike {
  readonly id: number;
  readonly proc: SimulatedProcess;
  /** `null` until IDENTIFY or RESUME names the shard. */
  shardId: number | null;
  readonly url: URL;
  readonly link: Link;
  readonly createdAt: number;
  readyState = 0;
  isPaused = false;
  /** The gateway's end; `null` before the gateway has accepted the connection. */
  connection: GatewayConnection | null = null;
  /** How many heartbeats the shard has sent, and how many ACKs have arrived, read or not. */
  heartbeatsSent = 0;
  acksArrived = 0;
  lastAckArrivedAt = 0;
  readonly #world: World;
  readonly #handlers = new Map<string, Handler[]>();
  /** What has arrived and is not read yet. */
  #inbox: (() => void)[] = [];
  #closeCode = 1006;
  #closeReason = '';
  #closeTimer: HeapEntry | null = null;

  constructor(world: World, id: number, proc: SimulatedProcess, url: string, link: Link, shardId: number | null) {
    this.#world = world;
    this.id = id;
    this.proc = proc;
    this.shardId = shardId;
    this.url = new URL(url);
    this.link = link;
    this.createdAt = world.clock.now();
  }

  on(name: string, handler: Handler): this {
    const list = this.#handlers.get(name);
    if (list === undefined) this.#handlers.set(name, [handler]);
    else list.push(handler);
    return this;
  }

  send(text: string): void {
    if (this.readyState === 0) throw new Error('WebSocket is not open: readyState 0 (CONNECTING)');
    if (this.readyState !== 1) return;
    const packet = JSON.parse(text) as Packet;
    if (packet.op === 1) this.heartbeatsSent += 1;
    this.shardId ??= this.#world.gateway.shardIdOf(packet);
    this.#world.eventLog.record('shard.sent', { socket: this, packet, text });
    this.link.toGateway(() => this.connection?.receive(text));
  }

  close(code = 1005, reason = ''): void {
    if (code !== 1005 && !isSendableCode(code)) throw new TypeError('First argument must be a valid error code number');
    if (Buffer.byteLength(reason) > 123) throw new RangeError('The message must not be greater than 123 bytes');
    if (this.readyState === 0) return this.#abortHandshake();
    if (this.readyState !== 1) return;
    this.readyState = 2;
    this.#world.eventLog.record('shard.closing', { socket: this, code });
    this.link.toGateway(() => this.connection?.onShardClose(code));
    this.#closeTimer = this.#world.clock.scheduleInProcess(() => this.terminate(), CLOSE_TIMEOUT_MS);
  }

  terminate(): void {
    if (this.readyState === 3) return;
    if (this.readyState === 0) return this.#abortHandshake();
    this.#world.eventLog.record('shard.closing', { socket: this, code: null });
    this.readyState = 2;
    this.link.toGateway(() => this.connection?.onShardClose(null));
    this.#world.clock.scheduleArrival(() => this.#end(), this.#world.clock.now());
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.#world.eventLog.record('socket.paused', { socket: this });
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (this.#inbox.length > 0) this.#world.clock.scheduleArrival(() => this.#read(), this.#world.clock.now());
  }

  /** The process has ended. Its listeners are gone, and the gateway notices the dropped connection. */
  destroy(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#inbox = [];
    this.#world.clock.clearTimeout(this.#closeTimer);
    this.link.toGateway(() => this.connection?.drop());
    this.#world.eventLog.record('socket.closed', { socket: this, code: 1006 });
  }

  onOpened(): void {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.#world.eventLog.record('socket.opened', { socket: this });
    this.#emit('open');
  }

  onRefused(message: string): void {
    if (this.readyState !== 0) return;
    this.readyState = 2;
    this.#emit('error', new Error(message));
    this.#end();
  }

  /** Emits all messages that arrived in one piece in one turn, even if the first one makes the shard pause. */
  onReceived(frames: readonly Frame[]): void {
    for (const { packets } of frames) {
      for (const { op } of packets) {
        if (op !== 11) continue;
        this.acksArrived += 1;
        this.lastAckArrivedAt = this.#world.clock.now();
      }
    }
    this.#receive(() => {
      for (const { data, isBinary, packets } of frames) {
        if (this.readyState !== 1 && this.readyState !== 2) return;
        for (const packet of packets) this.#world.eventLog.record('shard.received', { socket: this, packet });
        this.#emit('message', data, isBinary);
      }
    });
  }

  /** A close frame of the gateway has arrived, or its answer to ours. */
  onCloseReceived(code: number, reason: string, finishMs: number): void {
    this.#world.eventLog.record('close.arrived', { socket: this, code });
    this.#receive(() => {
      if (this.readyState === 3) return;
      this.readyState = 2;
      this.#closeCode = code;
      this.#closeReason = reason;
      this.#world.clock.scheduleArrival(() => this.#end(), this.#world.clock.now() + finishMs);
    });
  }

  /** The TCP connection has dropped without a close frame. */
  onDropped(error: Error | null): void {
    this.#receive(() => {
      if (this.readyState === 3) return;
      this.readyState = 2;
      if (error !== null) this.#emit('error', error);
      this.#end();
    });
  }

  #receive(item: () => void): void {
    this.#inbox.push(item);
    this.#read();
  }

  #read(): void {
    while (!this.isPaused && this.readyState !== 3) {
      const item = this.#inbox.shift();
      if (item === undefined) return;
      item();
    }
  }

  #abortHandshake(): void {
    this.#world.eventLog.record('shard.closing', { socket: this, code: null });
    this.readyState = 2;
    this.link.toGateway(() => this.connection?.onShardClose(null));
    process.nextTick(() => {
      if (this.readyState === 3) return;
      this.#emit('error', new Error('WebSocket was closed before the connection was established'));
      this.#end();
    });
  }

  #end(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#inbox = [];
    this.#world.clock.clearTimeout(this.#closeTimer);
    this.#world.eventLog.record('socket.closed', { socket: this, code: this.#closeCode });
    this.#emit('close', this.#closeCode, Buffer.from(this.#closeReason));
  }

  #emit(name: string, ...args: unknown[]): void {
    const handlers = this.#handlers.get(name);
    if (handlers === undefined) {
      if (name === 'error') throw args[0] as Error;
      return;
    }
    for (const handler of handlers) (handler as (...all: unknown[]) => void)(...args);
  }
}
