/** A proxy server, as an option or the environment names it. Printing and serializing do not reach its password. */
import { util } from '../../node-modules.ts';
import { assertOption } from '../../protocol/validation.ts';

/** How to speak to a proxy: `http` and `https` with CONNECT. */
type ProxyProtocol = 'http' | 'https' | 'socks5';

export interface ProxyCredentials {
  readonly username: string;
  readonly password: string;
}

/** The schemes of a proxy URL. Desktops write `socks://`, curl `socks5h://`; host names always go to the proxy. */
const SCHEMES: Readonly<Record<string, { readonly protocol: ProxyProtocol; readonly port: number }>> = {
  'http:': { protocol: 'http', port: 80 },
  'https:': { protocol: 'https', port: 443 },
  'socks5:': { protocol: 'socks5', port: 1080 },
  'socks5h:': { protocol: 'socks5', port: 1080 },
  'socks:': { protocol: 'socks5', port: 1080 },
};

/** The user name and the password of a SOCKS5 proxy have one byte for their length. */
const MAX_CREDENTIAL_BYTES = 255;

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

export class ProxyServer {
  readonly protocol: ProxyProtocol;
  readonly hostname: string;
  readonly port: number;
  /** Host and port, for messages. */
  readonly host: string;
  readonly #credentials: ProxyCredentials | null;

  private constructor(url: URL, credentials: ProxyCredentials | null) {
    const { protocol, port } = SCHEMES[url.protocol] ?? { protocol: 'http', port: 80 };
    this.protocol = protocol;
    this.port = url.port === '' ? port : Number(url.port);
    this.hostname = url.hostname.replace(/^\[|\]$/g, '');
    this.host = `${url.hostname}:${this.port}`;
    this.#credentials = credentials;
  }

  /**
   * @param name - of the option or variable
   * @throws {@link GatewayError} `INVALID_OPTIONS`, which names it and never contains its value.
   */
  static parse(name: string, value: string | URL): ProxyServer {
    const text = String(value).trim();
    const message = `${name} must be an http://, https:// or socks5:// URL with a host, such as http://localhost:3128`;
    // A variable may lack the scheme. curl then speaks HTTP.
    const href = text.includes('://') ? text : `http://${text}`;
    assertOption(URL.canParse(href), message);
    const url = new URL(href);
    assertOption(SCHEMES[url.protocol] !== undefined && url.hostname !== '', message);
    const [username, password] = [decode(url.username), decode(url.password)];
    const isValid = [username, password].every(
      (part) => part !== null && Buffer.byteLength(part) <= MAX_CREDENTIAL_BYTES,
    );
    const rule = `percent-encoded, each of at most ${MAX_CREDENTIAL_BYTES} bytes`;
    assertOption(isValid, `the user name and the password in ${name} must be ${rule}`);
    const hasCredentials = url.username !== '' || url.password !== '';
    return new ProxyServer(url, hasCredentials ? { username: username ?? '', password: password ?? '' } : null);
  }

  get hasCredentials(): boolean {
    return this.#credentials !== null;
  }

  /** Returns the user name and the password, to send them to the proxy; `null` if there are no such. */
  revealCredentials(): ProxyCredentials | null {
    return this.#credentials;
  }

  toString(): string {
    return this.host;
  }

  toJSON(): string {
    return this.host;
  }

  [util.inspect.custom](): string {
    return this.host;
  }
}
