/**
 * The part of `ws` a connection uses, so that another transport, or one in memory, can stand in for it.
 */
import type { Agent } from 'node:http';
import { WebSocket } from 'ws';

export interface WebSocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  on(event: 'open', listener: () => void): unknown;
  on(event: 'message', listener: (data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  send(data: string): void;
  /** Starts the close handshake. */
  close(code?: number, reason?: string): void;
  /** Tears the connection down without one. */
  terminate(): void;
  /** Stops reading, for back-pressure. */
  pause(): void;
  resume(): void;
}

export interface SocketOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  /** The most bytes one WebSocket message may have; a larger one should be an error before it is read. */
  readonly maxPayload: number;
}

export type CreateSocket = (url: string, options: SocketOptions) => WebSocketLike;

export const OPEN = 1;
export const CLOSED = 3;

/**
 * A `ws` socket as the gateway wants it. Compression of the WebSocket layer is off: the gateway has its own. Events
 * are delivered in the turn in which they arrive; spreading them over turns costs 40 %.
 */
export const createWebSocket: CreateSocket = (url, { headers, agent, maxPayload }) =>
  new WebSocket(url, {
    headers: { ...headers },
    ...(agent === undefined ? {} : { agent }),
    perMessageDeflate: false,
    allowSynchronousEvents: true,
    maxPayload,
  });

/** Whether a socket ended because a message had more than `maxPayload`. */
export const isTooLarge = (error: Error): boolean =>
  'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

/** `ws` gives Buffers; other transports may give the other binary forms of the WebSocket API, or text. */
export function toBuffer(data: Buffer | ArrayBuffer | Buffer[] | string): Buffer {
  if (Buffer.isBuffer(data)) return data;
  if (typeof data === 'string') return Buffer.from(data);
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
