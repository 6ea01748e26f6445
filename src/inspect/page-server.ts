/** Serves the page and accepts its WebSocket, on one loopback port. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { foreignHostOrOrigin } from '../http/loopback-guard.ts';
import { assertPageFound, assetAt } from './assets.ts';
import { HttpServer, pathOf } from './http-server.ts';
import type { HttpResponse } from './http-server.ts';

/** A page sends only short messages. */
const MAX_MESSAGE_BYTES = 1024;

/** The page loads nothing from other hosts, and can not be shown in a frame. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
} as const;

export interface PageServerOptions {
  readonly port: number;
  /** Whether one more page may connect. */
  readonly canAccept: () => boolean;
  readonly onPage: (socket: WebSocket) => void;
  /** Responds to paths that are no file of the page; without it, they are not found. */
  readonly respond?: (path: string) => Promise<HttpResponse | null>;
}

function rejectUpgrade(socket: Duplex, status: string, message: string): void {
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  );
}

export class PageServer {
  readonly #webSocketServer = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  readonly #options: PageServerOptions;
  readonly #loopback: HttpServer;

  private constructor(options: PageServerOptions, loopback: HttpServer) {
    this.#options = options;
    this.#loopback = loopback;
    loopback.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  /** Rejects with the error of `net.Server` when it can not listen, and with `PAGE_NOT_FOUND` without the page. */
  static async listen(options: PageServerOptions): Promise<PageServer> {
    await assertPageFound();
    const respond = async (path: string): Promise<HttpResponse | null> =>
      (await assetAt(path)) ?? (await options.respond?.(path)) ?? null;
    return new PageServer(options, await HttpServer.listen({ port: options.port, headers: HEADERS, respond }));
  }

  get url(): string {
    return this.#loopback.url;
  }

  close(): Promise<void> {
    return this.#loopback.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const foreign = foreignHostOrOrigin(request.headers);
    if (foreign !== null) return rejectUpgrade(socket, '403 Forbidden', foreign);
    if (pathOf(request) !== '/live') return rejectUpgrade(socket, '404 Not Found', 'not found');
    if (!this.#options.canAccept())
      return rejectUpgrade(socket, '503 Service Unavailable', 'maxPages pages are open already');
    this.#webSocketServer.handleUpgrade(request, socket, head, (page) => this.#options.onPage(page));
  }
}
