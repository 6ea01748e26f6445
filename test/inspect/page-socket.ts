/** A page without a browser: one WebSocket to an inspector, which records the messages. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { FromPage, ToPage } from '../../src/inspect/messages.ts';

export class PageSocket {
  readonly messages: ToPage[] = [];
  readonly socket: WebSocket;
  /** How often each text was logged. */
  readonly counts = new Map<string, number>();
  #waiters: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ToPage;
      this.messages.push(message);
      if ('log' in message) for (const { text } of message.log) this.counts.set(text, (this.counts.get(text) ?? 0) + 1);
      for (const waiter of this.#waiters.splice(0)) waiter();
    });
  }

  static async open(url: string): Promise<PageSocket> {
    const page = new PageSocket(new WebSocket(`${url.replace('http', 'ws')}live`));
    await once(page.socket, 'open');
    await page.until(() => page.messages.length > 0);
    return page;
  }

  send(message: FromPage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Resolves when the condition holds. It is checked with each message. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  get batches(): Extract<ToPage, { type: 'batch' }>[] {
    return this.messages.filter((message) => message.type === 'batch');
  }

  get detail(): Extract<ToPage, { type: 'detail' }>['detail'] | undefined {
    return this.messages.findLast((message) => message.type === 'detail')?.detail;
  }

  /** All log entries received, those of the welcome included. */
  get log() {
    return this.messages.flatMap((message) => ('log' in message ? message.log : []));
  }
}
