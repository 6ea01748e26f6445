/** Opens and closes sockets. `ws` is used by default; any other that fits `WebSocketLike` works too. */
// The global `Buffer` is a getter, which costs more than the rest of `toBuffer`.
import { Buffer } from 'node:buffer';
import type { Agent, ClientRequest } from 'node:http';
import { WebSocket } from 'ws';
import { cutCloseReason } from '../protocol/close-reason.ts';
import { gatewayUrl } from '../protocol/gateway-url.ts';
import type { Compression } from '../protocol/gateway-url.ts';
import { urlRefusal } from '../protocol/trusted-url.ts';
import { ProxyAgent } from '../http/proxy/proxy-agent.ts';
import type { SelectProxy } from '../http/proxy/proxy-selection.ts';
import { parseRetryAfter } from '../http/retry-after.ts';
import { describeValue, isDuration } from '../protocol/validation.ts';
import { adaptSocket } from './standard-socket.ts';
import type { StandardWebSocket } from './standard-socket.ts';
import type { WebSocketLike } from './web-socket-like.ts';
import { USER_AGENT } from '../version.ts';

/** What a shard asks of a socket. */
export interface SocketOptions {
  /** The headers of the upgrade request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  /** Max size of one WebSocket message, in bytes. A larger one should be an error before it is read. */
  readonly maxPayload: number;
}

/**
 * Opens a socket: one of `ws`, or one of the WHATWG standard. May throw; the shard then tries again after its backoff.
 */
export type CreateSocket = (url: string, options: SocketOptions) => WebSocketLike | StandardWebSocket;

/** What opening a socket to the gateway needs. */
export interface SocketSettings {
  /** The main URL. */
  readonly url: string;
  /** The hosts that the gateway may name; `null` for any. */
  readonly allowedHosts: readonly string[] | null;
  readonly version: number;
  readonly compression: Compression;
  readonly maxMessageBytes: number;
  readonly agent: Agent | undefined;
  /** Not asked when there is an `agent`. */
  readonly selectProxy: SelectProxy | null;
  readonly createSocket: CreateSocket;
  readonly rewriteUrl: (url: URL) => URL;
}

/** Data that can't be compressed grows a little: 5 bytes in 16 KiB for zlib. */
const COMPRESSION_OVERHEAD_BYTES = 128 * 1024;

/**
 * Returns the URL to connect to. A session may come from a store or from another process, so its URL is checked here.
 * @param resumeUrl - `null` for the main URL
 */
export const baseUrlOf = (settings: SocketSettings, resumeUrl: string | null): string =>
  resumeUrl === null || urlRefusal(resumeUrl, settings) !== null ? settings.url : resumeUrl;

/** A socket to the gateway, and the agent that leads it through a proxy, if there is one. */
export interface OpenedSocket {
  readonly socket: WebSocketLike;
  readonly proxyAgent: ProxyAgent | null;
}

/**
 * Opens a socket to the gateway. Throws what `rewriteUrl` or `createSocket` throws, and if they return anything else.
 * @param resumeUrl - `null` for the main URL
 */
export function openSocket(settings: SocketSettings, resumeUrl: string | null): OpenedSocket {
  const { version, compression, maxMessageBytes } = settings;
  const target: unknown = settings.rewriteUrl(gatewayUrl(baseUrlOf(settings, resumeUrl), version, compression));
  if (!(target instanceof URL)) throw new TypeError(`rewriteUrl must return a URL, not ${describeValue(target)}`);
  // A WebSocket refuses a URL with a fragment.
  if (target.hash !== '') target.hash = '';
  const proxy = settings.agent === undefined ? (settings.selectProxy?.(target) ?? null) : null;
  const proxyAgent = proxy === null ? null : new ProxyAgent(proxy, target);
  const agent = settings.agent ?? proxyAgent;
  const socket = adaptSocket(
    settings.createSocket(target.href, {
      headers: { 'User-Agent': USER_AGENT },
      maxPayload: maxMessageBytes + COMPRESSION_OVERHEAD_BYTES,
      ...(agent === null ? {} : { agent }),
    }),
  );
  // A proxy that does not answer would hold its connection.
  if (proxyAgent !== null) socket.on('close', () => proxyAgent.destroy());
  return { socket, proxyAgent };
}

export const OPEN = 1;
export const CLOSED = 3;

/**
 * Opens a socket of `ws`. WebSocket compression is off, because the gateway has its own. Events are delivered in the
 * turn in which they arrive: spreading them over turns costs 40 % more CPU time.
 */
export function createWebSocket(url: string, { headers, agent, maxPayload }: SocketOptions): WebSocketLike {
  return new WebSocket(url, {
    headers: { ...headers },
    ...(agent === undefined ? {} : { agent }),
    perMessageDeflate: false,
    allowSynchronousEvents: true,
    maxPayload,
    finishRequest,
  });
}

function finishRequest(request: ClientRequest, socket: WebSocket): void {
  // An answer other than the upgrade. In the next turn, ws makes an error of it.
  request.on('response', ({ statusCode = 0, headers }) => {
    if (!BUSY_STATUSES.has(statusCode)) return;
    const retryAfterMs = parseRetryAfter(headers['retry-after'], headers.date);
    // Before the listeners that are there, which read it.
    if (retryAfterMs !== null) socket.prependListener('error', (error) => Object.assign(error, { retryAfterMs }));
  });
  request.end();
}

/** Too Many Requests, and Service Unavailable: the answers that may say when to come back. */
const BUSY_STATUSES: ReadonlySet<number> = new Set([429, 503]);

/** Returns how long the server asks to wait before the next attempt, in ms; `null` if it does not say so. */
export const retryAfterOf = (error: unknown): number | null =>
  error instanceof Error && 'retryAfterMs' in error && isDuration(error.retryAfterMs) ? error.retryAfterMs : null;

/** Starts the close handshake, or tears the socket down when `code` is `null` or the socket is not open. */
export function closeSocket(socket: WebSocketLike, code: number | null, reason: string): void {
  if (code === null || socket.readyState !== OPEN) return socket.terminate();
  // A paused socket would never read the answer.
  socket.resume();
  socket.close(code, cutCloseReason(reason));
}

/** Returns whether a socket ended because a message was larger than `maxPayload`. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

/** Returns the data as a Buffer. `ws` emits Buffers; other sockets may emit other binary types, or text. */
export function toBuffer(data: Buffer | ArrayBuffer | Buffer[] | string): Buffer {
  if (Buffer.isBuffer(data)) return data;
  if (typeof data === 'string') return Buffer.from(data);
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
