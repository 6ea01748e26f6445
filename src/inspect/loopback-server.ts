/**
 * A small HTTP server for people on the same machine: on loopback, closed to foreign hosts and origins, and of no
 * weight to the process. What it answers is its owner's affair.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { foreignPart } from '../protocol/loopback.ts';

const HOST = '127.0.0.1';

/** Nobody needs what it says in a frame, from another origin, or later. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

export interface Answer {
  readonly type: string;
  readonly body: string;
}

export interface LoopbackOptions {
  readonly port: number;
  /** Beyond those each answer has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What lies at a path; `null` when there is nothing. */
  readonly answer: (path: string) => Answer | null | Promise<Answer | null>;
}

export const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] ?? '/';

export class LoopbackServer {
  readonly server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #options: LoopbackOptions;

  private constructor(options: LoopbackOptions) {
    this.#options = options;
    this.server = createServer((request, response) => void this.#answer(request, response));
    this.server.on('connection', (socket) => {
      // An open page must not keep a bot alive that has ended.
      socket.unref();
      socket.on('error', () => socket.destroy());
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Rejects with the error of `net.Server` when the port is taken. */
  static listen(options: LoopbackOptions): Promise<LoopbackServer> {
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

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number, type: string, body: string): void => {
      const headers = { ...HEADERS, ...this.#options.headers, 'Content-Type': type };
      response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
    };
    const foreign = foreignPart(request.headers);
    if (foreign !== null) return say(403, 'text/plain', foreign);
    if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'text/plain', 'only GET');
    try {
      const answer = await this.#options.answer(pathOf(request));
      if (answer === null) return say(404, 'text/plain', 'there is nothing here');
      say(200, answer.type, answer.body);
    } catch {
      // What went wrong may say more than a stranger should read.
      say(500, 'text/plain', 'there is no answer to this');
    }
  }
}
