/** The bench's gateway: an HTTP endpoint, WebSockets, and what is done to them. It has no rules; FakeGateway has. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { converse } from './live-connection.ts';
import { GatewayLog } from './log.ts';
import { RecordedConnection } from './recorded-connection.ts';
import type { Transport } from './recording.ts';
import { Repertoires } from './stage.ts';
import type { Repertoire, Stage } from './stage.ts';
import { gatewayBot, sharedNow } from './talk.ts';

const TRANSPORTS: readonly string[] = ['zlib-stream', 'zstd-stream'] satisfies Transport[];

export class Gateway {
  readonly #http = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(gatewayBot(this.url, this.#stage?.shards ?? 1));
  });
  readonly #upgrader = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #sockets = new Set<WebSocket>();
  #stage: Stage | null = null;
  #repertoires: Repertoires | null = null;
  repertoire: Repertoire | null = null;
  log = new GatewayLog();
  /** The connections that play a recording, the last one last. */
  recorded: RecordedConnection[] = [];

  static async listen(): Promise<Gateway> {
    const gateway = new Gateway();
    gateway.#http.on('upgrade', (request, socket, head) => {
      gateway.#upgrader.handleUpgrade(request, socket, head, (webSocket) =>
        gateway.#admit(webSocket, socket as Socket, new URL(request.url ?? '/', gateway.url).searchParams.get('compress')),
      );
    });
    await once(gateway.#http.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }), 'listening');
    gateway.#repertoires = new Repertoires(gateway.url);
    return gateway;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get apiUrl(): string {
    return `${this.url.replace('ws:', 'http:')}/api/v10`;
  }

  async set(stage: Stage): Promise<void> {
    this.kill();
    this.#stage = stage;
    this.repertoire = stage.mode === 'live' ? null : ((await this.#repertoires?.of(stage)) ?? null);
    this.log = new GatewayLog();
    this.recorded = [];
  }

  /** Tears all connections down. Gives back how many there were. */
  kill(): number {
    const { size } = this.#sockets;
    for (const socket of this.#sockets) socket.terminate();
    this.#sockets.clear();
    return size;
  }

  #admit(socket: WebSocket, transport: Socket, compress: string | null): void {
    const stage = this.#stage;
    if (stage === null) return socket.terminate();
    transport.setNoDelay(true);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const asked = compress !== null && TRANSPORTS.includes(compress) ? compress : null;
    const expected = TRANSPORTS.includes(stage.transport) ? stage.transport : null;
    if (asked !== expected) return socket.close(4002, `the client asked for ${compress ?? 'no compression'}, not ${stage.transport}`);
    this.log.attempts.push(sharedNow());
    const { log } = this;
    const { heartbeatIntervalMs, helloAfterMs } = stage;
    if (this.repertoire === null) converse(socket, stage.transport, { heartbeatIntervalMs, helloAfterMs, url: this.url, log });
    else this.recorded.push(new RecordedConnection(socket, transport, { recording: this.repertoire.recording, helloAfterMs, log }));
  }
}
