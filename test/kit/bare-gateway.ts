/** A plain WebSocket server that sends what a test's script says, for gateways that differ from Discord's. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Packet } from '../../src/index.ts';

export type Script = (
  peer: { socket: WebSocket; request: IncomingMessage; send: (packet: unknown) => void; index: number },
  packet: Packet | null,
) => void;

/** Calls `script` with `null` when a client has connected, then with each packet that it sends. */
export async function bareGateway(script: Script) {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  const requests: IncomingMessage[] = [];
  sockets.on('connection', (socket, request) => {
    const send = (packet: unknown): void => socket.send(JSON.stringify(packet));
    const peer = { socket, request, send, index: requests.push(request) - 1 };
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const packet = JSON.parse(data.toString()) as Packet;
      if (packet.op === 1) send({ op: 11 });
      script(peer, packet);
    });
    script(peer, null);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export const HELLO = { op: 10, d: { heartbeat_interval: 1_000 } };
export const ready = (url: string, s: unknown = 1) => ({
  op: 0,
  t: 'READY',
  s,
  d: { session_id: 'bare', resume_gateway_url: url, user: {} },
});
