/**
 * Makes a socket of the WHATWG standard, such as the global `WebSocket` of Node, look like one of `ws`. It cannot stop
 * reading, so back-pressure does not reach the gateway, and it cannot send a `User-Agent` or use an agent.
 * @see https://websockets.spec.whatwg.org/#the-websocket-interface
 */
import { KEEP_SESSION_CODE } from '../../machines/index.ts';
import { describeValue, fieldsOf } from '../protocol/validation.ts';
import type { WebSocketLike } from './web-socket-like.ts';

/** The part of a WHATWG WebSocket that a shard uses. */
export interface StandardWebSocket {
  readonly readyState: number;
  binaryType: string;
  addEventListener(
    type: 'open' | 'message' | 'close' | 'error',
    listener: (event: { readonly type: string }) => void,
  ): void;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

const CLOSED = 3;
/** The code of a connection that ended without a close frame. */
const ABNORMAL = 1006;
/** Scripts may not send 1001; 1000 ends the session too. */
const sendableCode = (code: number | undefined): number | undefined => (code === 1001 ? 1000 : code);

type Listener = (...args: unknown[]) => void;

class StandardSocketAdapter {
  readonly #socket: StandardWebSocket;
  readonly #listeners = new Map<string, Listener[]>();
  #isClosed = false;

  constructor(socket: StandardWebSocket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => this.#emit('open'));
    socket.addEventListener('message', (event) => {
      const { data } = fieldsOf(event);
      if (typeof data === 'string') this.#emit('message', Buffer.from(data), false);
      else if (data instanceof ArrayBuffer) this.#emit('message', Buffer.from(data), true);
    });
    socket.addEventListener('error', (event) => {
      const { error, message } = fieldsOf(event);
      const text = typeof message === 'string' && message !== '' ? message : 'the WebSocket failed';
      this.#emit('error', error instanceof Error ? error : new Error(text));
    });
    socket.addEventListener('close', (event) => {
      const { code, reason } = fieldsOf(event);
      this.#end(typeof code === 'number' ? code : ABNORMAL, typeof reason === 'string' ? reason : '');
    });
  }

  get readyState(): number {
    return this.#isClosed ? CLOSED : this.#socket.readyState;
  }

  on(name: string, listener: Listener): this {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
    return this;
  }

  send(data: string): void {
    this.#socket.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(sendableCode(code), reason);
  }

  /** The standard has no way to end a connection at once: the shard goes on, and the socket closes behind it. */
  terminate(): void {
    try {
      if (this.#socket.readyState !== CLOSED) this.#socket.close(KEEP_SESSION_CODE);
    } finally {
      queueMicrotask(() => this.#end(ABNORMAL, ''));
    }
  }

  pause(): void {}

  resume(): void {}

  #end(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#deliver('close', code, Buffer.from(reason));
  }

  /** What arrives after `terminate()` is dropped. */
  #emit(name: string, ...args: unknown[]): void {
    if (!this.#isClosed) this.#deliver(name, ...args);
  }

  #deliver(name: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(...args);
  }
}

const WS_METHODS = ['on', 'send', 'close', 'terminate', 'pause', 'resume'] as const;
const STANDARD_METHODS = ['addEventListener', 'send', 'close'] as const;

const hasMethods = (value: object, names: readonly string[]): boolean =>
  names.every((name) => typeof Reflect.get(value, name) === 'function');

const isWebSocketLike = (value: object): value is WebSocketLike => hasMethods(value, WS_METHODS);
const isStandardSocket = (value: object): value is StandardWebSocket => hasMethods(value, STANDARD_METHODS);

/** Returns what `createSocket` returned as a socket. Throws for anything else. */
export function adaptSocket(created: unknown): WebSocketLike {
  if (typeof created === 'object' && created !== null) {
    if (isWebSocketLike(created)) return created;
    if (isStandardSocket(created)) return new StandardSocketAdapter(created) as WebSocketLike;
  }
  // It may reject, and nobody else will ask it.
  if (created instanceof Promise) created.catch(() => undefined);
  const what = created instanceof Promise ? 'a promise' : describeValue(created);
  throw new TypeError(`createSocket must return a WebSocket, not ${what}`);
}
