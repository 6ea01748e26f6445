/** The bench's gateway. Unlike FakeGateway it does not validate clients, so that it is fast. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { LiveConnection } from './live-connection.ts';
import { GatewayLog } from './gateway-log.ts';
import { RecordedConnection } from './recorded-connection.ts';
import type { Transport } from './recording.ts';
import { RecordingsCache } from './gateway-setup.ts';
import type { Recordings, GatewaySetup } from './gateway-setup.ts';
import { gatewayBot, sharedNow } from './packets.ts';

const TRANSPORTS: readonly string[] = ['zlib-stream', 'zstd-stream'] satisfies Transport[];

export class Gateway {
  readonly #http = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(gatewayBot(this.url, this.#setup?.shards ?? 1));
  });
  readonly #upgrader = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #sockets = new Set<WebSocket>();
  readonly #live = new Set<LiveConnection>();
  #setup: GatewaySetup | null = null;
  #recordingsCache: RecordingsCache | null = null;
  recordings: Recordings | null = null;
  /** What happened since the last setup, on its own connections. */
  log = new GatewayLog();
  /** The connections that replay a recording, the newest last. */
  recorded: RecordedConnection[] = [];

  static async listen(): Promise<Gateway> {
    const gateway = new Gateway();
    gateway.#http.on('upgrade', (request, socket, head) => {
      gateway.#upgrader.handleUpgrade(request, socket, head, (webSocket) =>
        gateway.#accept(
          webSocket,
          socket as Socket,
          new URL(request.url ?? '/', gateway.url).searchParams.get('compress'),
        ),
      );
    });
    await once(gateway.#http.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }), 'listening');
    gateway.#recordingsCache = new RecordingsCache(gateway.url);
    return gateway;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get apiUrl(): string {
    return `${this.url.replace('ws:', 'http:')}/api/v10`;
  }

  async setUp(setup: GatewaySetup): Promise<void> {
    if (setup.joins !== true) {
      this.kill();
      this.recorded = [];
    }
    this.#setup = setup;
    this.recordings = setup.mode === 'live' ? null : ((await this.#recordingsCache?.get(setup)) ?? null);
    this.log = new GatewayLog();
  }

  /** Terminates all connections. Returns how many there were. */
  kill(): number {
    const { size } = this.#sockets;
    for (const socket of this.#sockets) socket.terminate();
    this.#sockets.clear();
    this.#live.clear();
    return size;
  }

  #accept(socket: WebSocket, transport: Socket, compress: string | null): void {
    const setup = this.#setup;
    if (setup === null) return socket.terminate();
    transport.setNoDelay(true);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const requested = compress !== null && TRANSPORTS.includes(compress) ? compress : null;
    const expected = TRANSPORTS.includes(setup.transport) ? setup.transport : null;
    if (requested !== expected)
      return socket.close(4002, `the client asked for ${compress ?? 'no compression'}, not ${setup.transport}`);
    this.log.attempts.push(sharedNow());
    const { log } = this;
    const { heartbeatIntervalMs, helloAfterMs } = setup;
    if (this.recordings === null)
      this.#live.add(
        new LiveConnection(socket, setup.transport, { heartbeatIntervalMs, helloAfterMs, url: this.url, log }),
      );
    else
      this.recorded.push(
        new RecordedConnection(socket, transport, { recording: this.recordings.recording, helloAfterMs, log }),
      );
  }
}
