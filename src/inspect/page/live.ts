/** The WebSocket to the inspector. It comes back by itself when the inspector does. */
import type { FromPage, ToPage } from '../messages.ts';
import type { Link } from './session.ts';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;

export interface LiveEvents {
  /** `pageMs` is when the message came, in the page's own time. */
  message(message: ToPage, pageMs: number): void;
  link(link: Link): void;
}

export class Live {
  readonly #url: string;
  readonly #events: LiveEvents;
  #socket: WebSocket | null = null;
  #retryMs = FIRST_RETRY_MS;

  constructor(url: string, events: LiveEvents) {
    this.#url = url;
    this.#events = events;
  }

  connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#events.link({ state: 'connecting' });
    socket.addEventListener('open', () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.#events.link({ state: 'live' });
    });
    socket.addEventListener('message', ({ data, timeStamp }: MessageEvent<string>) => {
      this.#events.message(JSON.parse(data) as ToPage, timeStamp);
    });
    socket.addEventListener('close', ({ timeStamp }) => this.#retry(timeStamp));
  }

  #retry(pageMs: number): void {
    this.#socket = null;
    this.#events.link({ state: 'waiting', retryAt: pageMs + this.#retryMs });
    window.setTimeout(() => this.connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  send(message: FromPage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
