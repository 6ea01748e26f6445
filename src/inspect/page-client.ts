/** One open page: what it has selected, and whether it can keep up. */
import type { WebSocket } from 'ws';
import type { FromPage, ToPage } from './messages.ts';

/** What may wait for a page that does not read. A page that has more behind it is not looked at by anybody. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;

const isSelect = (value: unknown): value is FromPage =>
  typeof value === 'object' &&
  value !== null &&
  'type' in value &&
  value.type === 'select' &&
  'shard' in value &&
  (value.shard === null || typeof value.shard === 'string');

function parseMessage(data: string): FromPage | null {
  try {
    const value: unknown = JSON.parse(data);
    return isSelect(value) ? value : null;
  } catch {
    return null;
  }
}

export class PageClient {
  readonly #socket: WebSocket;
  #selected: string | null = null;
  /** Selected, but not yet told everything about it. */
  needsDetail = false;

  constructor(
    socket: WebSocket,
    onSelect: (client: PageClient, previous: string | null) => void,
    onClose: (client: PageClient) => void,
  ) {
    this.#socket = socket;
    socket.on('error', () => socket.terminate());
    socket.once('close', () => onClose(this));
    socket.on('message', (data) => {
      const message = Buffer.isBuffer(data) ? parseMessage(data.toString()) : null;
      if (message === null) return socket.close(1008, 'not a message of this page');
      const previous = this.#selected;
      this.#selected = message.shard;
      this.needsDetail = true;
      onSelect(this, previous);
    });
  }

  /** The key of the shard it looks at. */
  get selected(): string | null {
    return this.#selected;
  }

  /** Ends a page that does not keep up. */
  send(message: ToPage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#socket.terminate();
    else this.#socket.send(JSON.stringify(message));
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
