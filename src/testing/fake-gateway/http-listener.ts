/** One listening port on 127.0.0.1. It never throws, whatever bytes arrive. */
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { http } from '../../node-modules.ts';
import { PeerSocket } from './peer-socket.ts';

const HOST = '127.0.0.1';
/** Far above what a client may send, so that the gateway itself answers with 4002. Beyond this `ws` closes. */
const MAX_FRAME_BYTES = 1 << 20;

export interface HttpListenerHandlers {
  readonly onRequest: RequestListener;
  /** `accept` completes the WebSocket handshake. `reject` answers with an HTTP status; 0 drops the connection. */
  readonly onUpgrade: (
    request: IncomingMessage,
    accept: (onAccepted: (socket: PeerSocket) => void) => void,
    reject: (status: number, message: string) => void,
  ) => void;
}

function rejectUpgrade(socket: Duplex, status: number, message: string): void {
  if (status === 0) {
    socket.destroy();
    return;
  }
  const head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? 'Refused'}`;
  const headers = `Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(message)}`;
  socket.end(`${head}\r\n${headers}\r\n\r\n${message}`, () => socket.destroy());
}

export class HttpListener {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  private constructor(port: number, server: Server, sockets: ReadonlySet<Socket>) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
  }

  static open(port: number, { onRequest, onUpgrade }: HttpListenerHandlers): Promise<HttpListener> {
    const webSocketServer = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: MAX_FRAME_BYTES,
      WebSocket: PeerSocket,
    });
    const server = http.createServer(onRequest);
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
        (onAccepted) =>
          webSocketServer.handleUpgrade(request, socket, head, (accepted) => {
            accepted.stream = socket;
            onAccepted(accepted);
          }),
        (status, message) => rejectUpgrade(socket, status, message),
      );
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, HOST, () => {
        const address = server.address();
        const bound = typeof address === 'object' && address !== null ? address.port : port;
        resolve(new HttpListener(bound, server, sockets));
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
