/**
 * A small HTTP server for people on the same machine: on loopback, closed to foreign hosts and origins, and of no
 * weight to the process. What it answers is its owner's affair.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { foreignHostOrOrigin } from '../http/loopback-guard.ts';

const HOST = '127.0.0.1';

/** Nobody needs what it says in a frame, from another origin, or later. */
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
  /** Beyond those each answer has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What lies at a path; `null` when there is nothing. */
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
      // An open page must not keep a bot alive that has ended.
      socket.unref();
      socket.on('error', () => socket.destroy());
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Rejects with the error of `net.Server` when the port is taken. */
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
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'text/plain', 'only GET');
    try {
      const found = await this.#options.respond(pathOf(request));
      if (found === null) return send(404, 'text/plain', 'there is nothing here');
      send(200, found.type, found.body);
    } catch {
      // What went wrong may say more than a stranger should read.
      send(500, 'text/plain', 'there is no answer to this');
    }
  }
}
