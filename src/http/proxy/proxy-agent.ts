/** The HTTP agent of one connection through a proxy, for `ws` and for REST. */
import type { NetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { http } from '../../node-modules.ts';
import type { ProxyServer } from './proxy-server.ts';
import { openTunnel } from './tunnel.ts';

type OnSocket = (error: Error | null, socket?: Duplex) => void;

export class ProxyAgent extends http.Agent {
  /** The host and port of the proxy; `null` until a connection is opened through it. */
  proxyInUse: string | null = null;
  readonly #proxy: ProxyServer;
  /** Node compares it with that of the request. */
  readonly protocol: 'http:' | 'https:';
  readonly #url: URL;
  readonly #ended = new AbortController();

  /** @param url - of the target: http, https, ws or wss */
  constructor(proxy: ProxyServer, url: URL) {
    super();
    this.#proxy = proxy;
    this.protocol = /^(?:https|wss):$/.test(url.protocol) ? 'https:' : 'http:';
    this.#url = url;
  }

  /** Node calls it for each request. Returns nothing, as Node allows: the socket is passed to the callback. */
  override createConnection(options: NetConnectOpts, onSocket?: (error: Error | null, socket: Duplex) => void): Duplex {
    this.proxyInUse = this.#proxy.host;
    const isSecure = this.protocol === 'https:';
    const port = Number(this.#url.port === '' ? (isSecure ? 443 : 80) : this.#url.port);
    const settle = onSocket as OnSocket | undefined;
    const { host: _host, port: _port, path: _path, ...tls } = options as NetConnectOpts & ConnectionOptions;
    openTunnel(this.#proxy, { host: this.#url.hostname, port }, isSecure ? tls : null, this.#ended.signal).then(
      (socket) => settle?.(null, socket),
      (error: unknown) => settle?.(error instanceof Error ? error : new Error(String(error))),
    );
    return undefined as unknown as Duplex;
  }

  /** Also ends a connection to a proxy that does not answer. */
  override destroy(): void {
    this.#ended.abort();
    super.destroy();
  }
}
