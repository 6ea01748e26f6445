/** Real proxies on loopback: HTTP with CONNECT, SOCKS5, and servers that misbehave in their place. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface TestProxy extends AsyncDisposable {
  /** The host and port. */
  readonly host: string;
  /** Where clients asked to be connected to, such as `127.0.0.1:1234`. */
  readonly targets: readonly string[];
  /** The number of connections to the proxy that are open. */
  readonly open: number;
  /** Ends every connection, and accepts new ones. */
  cut(): void;
}

type Track = (socket: Socket) => Socket;

async function listen(start: (track: Track, targets: string[]) => Server): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  const targets: string[] = [];
  const track: Track = (socket) => {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const server = start(track, targets);
  server.on('connection', track);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    get open() {
      return sockets.size;
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function join(client: Socket, upstream: Socket): void {
  client.pipe(upstream);
  upstream.pipe(client);
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.destroy());
}

/** An HTTP proxy. Without the `credentials` it answers 407; with `status` it answers that. */
export const httpProxy = ({ credentials, status }: { credentials?: Credentials; status?: number } = {}) =>
  listen((track, targets) => {
    const server = createHttpServer((_, response) => response.writeHead(400).end());
    const wanted =
      credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    return server.on('connect', ({ url = '', headers }, socket, head) => {
      const client = socket as Socket;
      targets.push(url);
      const refusal = wanted !== undefined && headers['proxy-authorization'] !== wanted ? 407 : status;
      if (refusal !== undefined) return void client.end(`HTTP/1.1 ${refusal} No\r\nContent-Length: 0\r\n\r\n`);
      const { hostname, port } = new URL(`http://${url}`);
      const upstream = track(connect(Number(port === '' ? 80 : port), hostname));
      return void upstream.on('connect', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.write(head);
        join(client, upstream);
      });
    });
  });

/** Collects what a peer sends, and resolves with as many bytes as asked for. */
function reader(socket: Socket) {
  let buffered = Buffer.alloc(0);
  let wake: (() => void) | null = null;
  const onData = (chunk: Buffer): void => {
    buffered = Buffer.concat([buffered, chunk]);
    wake?.();
  };
  socket.on('data', onData);
  return {
    take: async (count: number): Promise<Buffer> => {
      while (buffered.length < count) await new Promise<void>((resolve) => (wake = resolve));
      const taken = buffered.subarray(0, count);
      buffered = buffered.subarray(count);
      return taken;
    },
    stop: () => socket.off('data', onData),
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc1928 and 1929 for the password */
async function serveSocks(client: Socket, track: Track, targets: string[], options: SocksOptions): Promise<void> {
  const { take, stop } = reader(client);
  const [, methodCount = 0] = await take(2);
  const methods = [...(await take(methodCount))];
  const method = options.credentials === undefined ? 0 : 2;
  if (!methods.includes(method)) return void client.end(Buffer.from([5, 255]));
  client.write(Buffer.from([5, method]));
  if (options.credentials !== undefined) {
    const [, userLength = 0] = await take(2);
    const username = (await take(userLength)).toString();
    const [passwordLength = 0] = await take(1);
    const password = (await take(passwordLength)).toString();
    const isKnown = username === options.credentials.username && password === options.credentials.password;
    client.write(Buffer.from([1, isKnown ? 0 : 1]));
    if (!isKnown) return;
  }
  const [, , , type] = await take(4);
  const host = type === 1 ? [...(await take(4))].join('.') : (await take((await take(1))[0] ?? 0)).toString();
  const port = (await take(2)).readUInt16BE();
  targets.push(`${host}:${port}`);
  stop();
  if (options.reply !== undefined) return void client.end(Buffer.from([5, options.reply, 0, 1, 0, 0, 0, 0, 0, 0]));
  const upstream = track(connect(port, host));
  upstream.on('connect', () => {
    client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
    join(client, upstream);
  });
}

interface SocksOptions {
  readonly credentials?: Credentials;
  /** Refuses each connection with this code. */
  readonly reply?: number;
}

/** A SOCKS5 proxy. */
export const socksProxy = (options: SocksOptions = {}) =>
  listen((track, targets) => createServer((client) => void serveSocks(client, track, targets, options)));

/** A server in the place of a proxy: calls `serve` with each connection when the first bytes have come. */
export const oddProxy = (serve: (client: Socket) => void) =>
  listen(() => createServer((client) => client.once('data', () => serve(client))));
