/** One listening port on 127.0.0.1. Whatever comes in, nothing thrown leaves it. */
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { STATUS_CODES, createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { PeerSocket } from './peer-socket.ts';

const HOST = '127.0.0.1';
/** Far above what a client may send, so that the gateway can answer with 4002 itself; beyond it `ws` does. */
const MAX_FRAME_BYTES = 1 << 20;

export interface DoorHandlers {
  readonly onRequest: RequestListener;
  /** `admit` completes the WebSocket handshake, `refuse` answers with an HTTP status, or drops the connection for 0. */
  readonly onUpgrade: (
    request: IncomingMessage,
    admit: (welcome: (socket: PeerSocket) => void) => void,
    refuse: (status: number, why: string) => void,
  ) => void;
}

function refuse(socket: Duplex, status: number, why: string): void {
  if (status === 0) {
    socket.destroy();
    return;
  }
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`;
  const headers = `Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(why)}`;
  socket.end(`${head}\r\n${headers}\r\n\r\n${why}`, () => socket.destroy());
}

export class Door {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  private constructor(port: number, server: Server, sockets: ReadonlySet<Socket>) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
  }

  static open(port: number, { onRequest, onUpgrade }: DoorHandlers): Promise<Door> {
    const upgrader = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: MAX_FRAME_BYTES,
      WebSocket: PeerSocket,
    });
    const server = createServer(onRequest);
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      onUpgrade(
        request,
        (welcome) => upgrader.handleUpgrade(request, socket, head, welcome),
        (status, why) => refuse(socket, status, why),
      );
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, HOST, () => {
        const address = server.address();
        const bound = typeof address === 'object' && address !== null ? address.port : port;
        resolve(new Door(bound, server, sockets));
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }
}
