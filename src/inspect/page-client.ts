/** The server's side of one open page: knows what it has selected, and closes it when it does not keep up. */
import type { WebSocket } from 'ws';
import { fieldsOf } from '../protocol/validation.ts';
import type { FromPage, ToPage } from './messages.ts';

/** A page that is this far behind does not read any more, so it is closed. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;

function isFromPage(value: unknown): value is FromPage {
  const { type, shard, at } = fieldsOf(value);
  if (type === 'seek') return typeof at === 'number' && Number.isFinite(at);
  return type === 'select' && (shard === null || typeof shard === 'string');
}

function parseMessage(data: string): FromPage | null {
  try {
    const value: unknown = JSON.parse(data);
    return isFromPage(value) ? value : null;
  } catch {
    return null;
  }
}

export class PageClient {
  readonly #socket: WebSocket;
  #selected: string | null = null;
  /** Whether the page still needs the detail of its selection. */
  needsDetail = false;

  constructor(
    socket: WebSocket,
    onSelect: (client: PageClient, previous: string | null) => void,
    onClose: (client: PageClient) => void,
    onSeek?: (client: PageClient, at: number) => void,
  ) {
    this.#socket = socket;
    socket.on('error', () => socket.terminate());
    socket.once('close', () => onClose(this));
    socket.on('message', (data) => {
      const message = Buffer.isBuffer(data) ? parseMessage(data.toString()) : null;
      if (message === null || (message.type === 'seek' && onSeek === undefined))
        return socket.close(1008, 'unknown message');
      if (message.type === 'seek') return onSeek?.(this, message.at);
      const previous = this.#selected;
      this.#selected = message.shard;
      this.needsDetail = true;
      onSelect(this, previous);
    });
  }

  /** The key of the selected shard or manager. */
  get selected(): string | null {
    return this.#selected;
  }

  /** Sends a message, or closes the page when it does not keep up. */
  send(message: ToPage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#socket.terminate();
    else this.#socket.send(JSON.stringify(message));
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
