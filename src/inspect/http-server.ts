/**
 * A small HTTP server for users of the same machine: unless the user says otherwise it listens on loopback. It refuses
 * foreign hosts and origins, and does not keep the process alive.
 */
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { http } from '../node-modules.ts';
import { foreignHostOrOrigin } from '../http/loopback-guard.ts';

const LOOPBACK = '127.0.0.1';
/** Addresses that stand for all of this machine. */
const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Responses are not for frames, other origins or caches. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

export interface HttpResponse {
  /** 200 by default. */
  readonly status?: number;
  readonly type: string;
  readonly body: string;
}

export interface HttpServerOptions {
  readonly port: number;
  /** The address to listen on; 127.0.0.1 by default. */
  readonly host?: string;
  /** Headers beside those of every response. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Returns why a request must be rejected; by default, if it has a foreign host or origin. */
  readonly rejection?: (path: string, headers: IncomingHttpHeaders) => string | null;
  /** Returns the response for a path, or `null` for a 404. */
  readonly respond: (path: string) => HttpResponse | null | Promise<HttpResponse | null>;
}

export const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] ?? '/';

export class HttpServer {
  readonly server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #options: HttpServerOptions;

  private constructor(options: HttpServerOptions) {
    this.#options = options;
    this.server = http.createServer((request, response) => void this.#handleRequest(request, response));
    this.server.on('connection', (socket) => {
      // An open page must not keep the process of a bot alive that has ended.
      socket.unref();
      socket.on('error', () => socket.destroy());
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Rejects with the error of `net.Server` when it can not listen. */
  static listen(options: HttpServerOptions): Promise<HttpServer> {
    const created = new HttpServer(options);
    const { server } = created;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host ?? LOOPBACK, () => {
        server.off('error', reject);
        server.on('error', () => undefined);
        server.unref();
        resolve(created);
      });
    });
  }

  get url(): string {
    const { address, family, port } = this.server.address() as AddressInfo;
    const host = UNSPECIFIED.has(address) ? LOOPBACK : family === 'IPv6' ? `[${address}]` : address;
    return `http://${host}:${port}/`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  async #handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, type: string, body: string): void => {
      const headers = { ...HEADERS, ...this.#options.headers, 'Content-Type': type };
      response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
    };
    const { rejection = (_: string, headers: IncomingHttpHeaders) => foreignHostOrOrigin(headers) } = this.#options;
    const foreign = rejection(pathOf(request), request.headers);
    if (foreign !== null) return send(403, 'text/plain', foreign);
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'text/plain', 'use GET');
    try {
      const found = await this.#options.respond(pathOf(request));
      if (found === null) return send(404, 'text/plain', 'not found');
      send(found.status ?? 200, found.type, found.body);
    } catch {
      // The error's own message may reveal more than a stranger should read.
      send(500, 'text/plain', 'internal error');
    }
  }
}
