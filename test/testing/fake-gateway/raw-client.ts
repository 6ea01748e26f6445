/**
 * A gateway client without rules, so that tests can break them. It decodes with node:zlib and no code of the library.
 */
import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import type { Packet } from '../../../src/protocol/packets.ts';
import type { FakeGateway } from '../../../src/testing/index.ts';

export const TOKEN = 'fake-token';
export const identity = { token: TOKEN, intents: 1, properties: {} };

interface RawOptions {
  url?: string;
  query?: string;
  headers?: Record<string, string>;
  decode?: (data: Buffer, isBinary: boolean) => string[];
}

export interface RawFrame {
  data: Buffer;
  isBinary: boolean;
}

export class RawClient {
  readonly socket: WebSocket;
  readonly frames: RawFrame[] = [];
  readonly packets: Packet[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly failed: Promise<Error>;
  #waiting: (() => void)[] = [];
  #consumed = 0;

  constructor(gateway: FakeGateway, options: RawOptions = {}) {
    const query = options.query ?? 'v=10&encoding=json';
    const decode = options.decode ?? ((data) => [data.toString()]);
    this.socket = new WebSocket(`${options.url ?? gateway.url}/?${query}`, { headers: options.headers ?? {} });
    this.failed = new Promise((resolve) => {
      this.socket.on('error', resolve);
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#notifyWaiting();
      });
    });
    this.socket.on('message', (data: RawData, isBinary) => {
      if (!Buffer.isBuffer(data)) throw new TypeError('expected a Buffer');
      this.frames.push({ data, isBinary });
      try {
        for (const text of decode(data, isBinary)) this.packets.push(JSON.parse(text) as Packet);
      } catch {
        // A test may expect a broken frame. It stays in `frames`.
      }
      this.#notifyWaiting();
    });
  }

  /** Opens a connection and waits for HELLO. */
  static async afterHello(gateway: FakeGateway, options: RawOptions = {}): Promise<RawClient> {
    const client = new RawClient(gateway, options);
    await client.next(10);
    return client;
  }

  /** Opens a connection, identifies and waits for READY. */
  static async ready(gateway: FakeGateway, fields: object = {}, options: RawOptions = {}): Promise<RawClient> {
    const client = await RawClient.afterHello(gateway, options);
    client.send(2, { ...identity, ...fields });
    await client.next('READY');
    return client;
  }

  send(op: number, d: unknown = null): void {
    this.socket.send(JSON.stringify({ op, d }));
  }

  /** Opens a connection to the resume URL and sends RESUME. */
  static async resuming(gateway: FakeGateway, sessionId: string, seq: unknown, token = TOKEN): Promise<RawClient> {
    const client = await RawClient.afterHello(gateway, { url: gateway.resumeUrl });
    client.send(6, { token, session_id: sessionId, seq });
    return client;
  }

  /** Resolves with the next packet of an opcode or event name, and skips those before it. */
  async next(wanted: number | string): Promise<Packet> {
    const index = this.packets.findIndex(
      ({ op, t }, n) => n >= this.#consumed && (typeof wanted === 'number' ? op === wanted : t === wanted),
    );
    const found = this.packets[index];
    if (found !== undefined) {
      this.#consumed = index + 1;
      return found;
    }
    if (this.socket.readyState >= WebSocket.CLOSING) throw new Error(`the connection closed before ${wanted} came`);
    await this.nextChange();
    return await this.next(wanted);
  }

  /** Resolves when a message comes, or the connection closes. */
  nextChange(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The dispatches so far, each as [sequence, name]. */
  get dispatches(): [number, string][] {
    return this.packets.filter(({ op }) => op === 0).map(({ s, t }) => [Number(s), String(t)]);
  }

  #notifyWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
