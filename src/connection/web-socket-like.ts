/** The port between a connection and its socket: `ws` by default, or what the option `createSocket` returns. */

/** The part of a `ws` socket that a shard uses. Implement it to bring another WebSocket, or one in memory. */
export interface WebSocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  on(event: 'open', listener: () => void): unknown;
  on(event: 'message', listener: (data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
  /** An error with a number `retryAfterMs` makes the shard wait so long before its next attempt, up to an hour. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  send(data: string): void;
  /** Starts the close handshake. */
  close(code?: number, reason?: string): void;
  /** Closes the connection without a handshake. */
  terminate(): void;
  /** Stops reading, for back-pressure, until `resume()`. */
  pause(): void;
  resume(): void;
}
