/**
 * A small HTTP server for users of the same machine: it listens on loopback, refuses foreign hosts and origins, and
 * does not keep the process alive.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { foreignHostOrOrigin } from '../http/loopback-guard.ts';

const HOST = '127.0.0.1';

/** Responses are not for frames, other origins or caches. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

export interface LoopbackResponse {
  readonly type: string;
  readonly body: string;
}

export interface LoopbackServerOptions {
  readonly port: number;
  /** Headers beside those of every response. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Returns the response for a path, or `null` for a 404. */
  readonly respond: (path: string) => LoopbackResponse | null | Promise<LoopbackResponse | null>;
}

export const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] ?? '/';

export class LoopbackServer {
  readonly server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #options: LoopbackServerOptions;

  private constructor(options: LoopbackServerOptions) {
    this.#options = options;
    this.server = createServer((request, response) => void this.#handleRequest(request, response));
    this.server.on('connection', (socket) => {
      // An open page must not keep the process of a bot alive that has ended.
      socket.unref();
      socket.on('error', () => socket.destroy());
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Rejects with the error of `net.Server` when it can not listen. */
  static listen(options: LoopbackServerOptions): Promise<LoopbackServer> {
    const loopback = new LoopbackServer(options);
    const { server } = loopback;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, HOST, () => {
        server.off('error', reject);
        server.on('error', () => undefined);
        server.unref();
        resolve(loopback);
      });
    });
  }

  get url(): string {
    return `http://${HOST}:${(this.server.address() as AddressInfo).port}/`;
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
    const foreign = foreignHostOrOrigin(request.headers);
    if (foreign !== null) return send(403, 'text/plain', foreign);
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'text/plain', 'use GET');
    try {
      const found = await this.#options.respond(pathOf(request));
      if (found === null) return send(404, 'text/plain', 'not found');
      send(200, found.type, found.body);
    } catch {
      // The error's own message may reveal more than a stranger should read.
      send(500, 'text/plain', 'internal error');
    }
  }
}
