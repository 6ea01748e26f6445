/** A way to Redis that the demo, and tests, cut and mend. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

export class RedisLine implements AsyncDisposable {
  readonly #target: number;
  readonly #server = createServer((socket) => this.#pass(socket));
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(target: number) {
    this.#target = target;
  }

  /** @param target - the port of Redis */
  static async open(target: number): Promise<RedisLine> {
    const line = new RedisLine(target);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get url(): string {
    const address = this.#server.address();
    return `redis://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** Ends all connections, and every new one at once. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(socket: Socket): void {
    if (this.#isCut) {
      socket.destroy();
      return;
    }
    this.#join(socket, connect(this.#target, '127.0.0.1'));
  }

  #join(...ends: readonly [Socket, Socket]): void {
    for (const [index, end] of ends.entries()) {
      const other = ends[1 - index];
      this.#sockets.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        this.#sockets.delete(end);
        other?.destroy();
      });
      if (other !== undefined) end.pipe(other);
    }
  }
}
