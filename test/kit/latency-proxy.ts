/**
 * A proxy between a client and a gateway that delays the bytes of each connection by a time of its own, in order. So two
 * sessions receive at different times what the gateway sends at the same time.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * @param ports - the ports of the gateway
 * @param delayMs - called once for each connection
 */
export async function latencyProxy(ports: readonly number[], delayMs: () => number) {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const serve = (accepted: Socket, port: number): void => {
    const client = track(accepted);
    const upstream = track(connect(port, '127.0.0.1'));
    const ms = delayMs();
    client.on('data', (chunk) => setTimeout(() => upstream.write(chunk), ms / 2));
    upstream.on('data', (chunk) => setTimeout(() => client.write(chunk), ms));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => setTimeout(() => client.destroy(), ms));
  };
  const open = async (port: number): Promise<[number, Server]> => {
    const server = createServer((client) => serve(client, port));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return [port, server];
  };
  const servers = new Map(await Promise.all(ports.map(open)));
  return {
    /** Rewrites a gateway URL to go through the proxy; for the option `rewriteUrl`. */
    through: (url: URL): URL => {
      const address = servers.get(Number(url.port))?.address() as AddressInfo;
      const rewritten = new URL(url);
      rewritten.port = String(address.port);
      return rewritten;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([...servers.values()].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
