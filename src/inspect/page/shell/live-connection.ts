/** The page's WebSocket to the inspector. It reconnects until the inspector is back. */
import type { FromPage, ToPage } from '../../messages.ts';
import type { ConnectionStatus } from '../model/page-state.ts';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;

export interface LiveConnectionCallbacks {
  /** `pageMs` is when the message was received, in the page's time. */
  onMessage(message: ToPage, pageMs: number): void;
  onStatus(status: ConnectionStatus): void;
}

export class LiveConnection {
  readonly #url: string;
  readonly #callbacks: LiveConnectionCallbacks;
  #socket: WebSocket | null = null;
  #retryMs = FIRST_RETRY_MS;

  constructor(url: string, callbacks: LiveConnectionCallbacks) {
    this.#url = url;
    this.#callbacks = callbacks;
  }

  connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#callbacks.onStatus({ state: 'connecting' });
    socket.addEventListener('open', () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.#callbacks.onStatus({ state: 'live' });
    });
    socket.addEventListener('message', ({ data, timeStamp }: MessageEvent<string>) => {
      this.#callbacks.onMessage(JSON.parse(data) as ToPage, timeStamp);
    });
    socket.addEventListener('close', ({ timeStamp }) => this.#retry(timeStamp));
  }

  #retry(pageMs: number): void {
    this.#socket = null;
    this.#callbacks.onStatus({ state: 'waiting', retryAt: pageMs + this.#retryMs });
    window.setTimeout(() => this.connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  send(message: FromPage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
