/** The WebSocket server on loopback, with the answer of `GET /gateway/bot`. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { MAX_MESSAGE_BYTES } from '../bots.ts';
import type { Setting } from '../setting.ts';
import { Peer } from './peer.ts';
import type { ShardLink } from './shard-link.ts';

/** No heartbeat is due during a case, so each that comes was asked for. */
const HELLO = '{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":80000000}}';

interface FirstPacket {
  readonly op: number;
  readonly d: { readonly shard?: readonly [number, number]; readonly session_id?: string } | null;
}

export async function listen({ compression, shards }: Setting) {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        url,
        shards,
        session_start_limit: { total: 1_000_000, remaining: 1_000_000, reset_after: 0, max_concurrency: 16 },
      }),
    );
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  let links: readonly ShardLink[] = [];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}`;

  /** The id of a session begins with that of its shard. */
  const linkOf = ({ op, d }: FirstPacket): ShardLink | undefined =>
    links[op === 2 ? (d?.shard?.[0] ?? 0) : Number.parseInt(d?.session_id ?? '', 10)];

  sockets.on('connection', (socket: WebSocket) => {
    const peer = new Peer(socket, compression, MAX_MESSAGE_BYTES);
    let link: ShardLink | undefined;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const packet = JSON.parse(data.toString()) as FirstPacket;
      if (packet.op === 2 || packet.op === 6) link = linkOf(packet);
      link?.onPacket(peer, packet);
    });
    socket.on('close', (code) => {
      peer.encoder.close();
      link?.onClosed(peer, code);
    });
    if (links.length === 1) links[0]?.onGreeting(HELLO);
    peer.sendMessage(Buffer.from(HELLO), true);
  });

  return {
    url,
    apiUrl: `http://127.0.0.1:${port}`,
    /** The shards that may connect, by id. */
    attach: (shardLinks: readonly ShardLink[]): void => {
      links = shardLinks;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
