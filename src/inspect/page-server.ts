/** The port on loopback that serves the page and its live connection. It keeps no process alive. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { foreignPart } from '../protocol/loopback.ts';
import { assetAt } from './assets.ts';

const HOST = '127.0.0.1';
/** What a page has to say is short. */
const MOST_MESSAGE_BYTES = 1024;

/** The page needs nothing from anywhere else, and nobody needs the page in a frame. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

export interface PageServerOptions {
  readonly port: number;
  /** Whether one more page may come. */
  readonly hasRoom: () => boolean;
  readonly onPage: (socket: WebSocket) => void;
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] ?? '/';

function refuse(socket: Duplex, status: string, why: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(why)}\r\n\r\n${why}`);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const say = (status: number, type: string, body: string): void => {
    response.writeHead(status, { ...HEADERS, 'Content-Type': type }).end(request.method === 'HEAD' ? undefined : body);
  };
  const foreign = foreignPart(request.headers);
  if (foreign !== null) return say(403, 'text/plain', foreign);
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'text/plain', 'only GET');
  const asset = await assetAt(pathOf(request));
  if (asset === null) return say(404, 'text/plain', 'there is nothing here');
  say(200, asset.type, asset.body);
}

export class PageServer {
  readonly #server = createServer((request, response) => void answer(request, response));
  readonly #upgrader = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false, maxPayload: MOST_MESSAGE_BYTES });
  readonly #sockets = new Set<Socket>();
  readonly #options: PageServerOptions;

  private constructor(options: PageServerOptions) {
    this.#options = options;
    this.#server.on('connection', (socket) => {
      // An open page must not keep a bot alive that has ended.
      socket.unref();
      socket.on('error', () => socket.destroy());
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head));
  }

  /** Rejects with the error of `net.Server` when the port is taken. */
  static listen(options: PageServerOptions): Promise<PageServer> {
    const page = new PageServer(options);
    const server = page.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, HOST, () => {
        server.off('error', reject);
        server.on('error', () => undefined);
        server.unref();
        resolve(page);
      });
    });
  }

  get url(): string {
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const foreign = foreignPart(request.headers);
    if (foreign !== null) return refuse(socket, '403 Forbidden', foreign);
    if (pathOf(request) !== '/live') return refuse(socket, '404 Not Found', 'there is nothing here');
    if (!this.#options.hasRoom()) return refuse(socket, '503 Service Unavailable', 'as many pages are open as may be');
    this.#upgrader.handleUpgrade(request, socket, head, (page) => this.#options.onPage(page));
  }
}
