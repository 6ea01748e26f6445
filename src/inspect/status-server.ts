/**
 * What a manager is doing, as JSON on loopback, for `shardwright status` and whoever else can read it: states, pings
 * and counts, never an id of a session or the token.
 */
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { ManagerStatus } from '../manager/manager-status.ts';
import { VERSION } from '../version.ts';
import { LoopbackServer } from './loopback-server.ts';

/** Options of {@link serveStatus}. */
export interface StatusServerOptions {
  /** The port on 127.0.0.1; 0 takes a free one. Default 0. */
  port?: number;
  /** For the time in each answer. Default the system's. */
  clock?: Clock;
}

/** A running status endpoint. */
export interface StatusServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/`: what to give to `shardwright status --url`. */
  readonly url: string;
  close(): Promise<void>;
}

/** What a GET of the endpoint gives. */
export interface StatusReport {
  readonly format: 'shardwright-status';
  /** Of this format. */
  readonly formatVersion: 1;
  /** The version of the package. */
  readonly shardwright: string;
  /** Of the process. */
  readonly pid: number;
  /** When it was made, in ms since the epoch. */
  readonly at: number;
  readonly status: ManagerStatus;
}

/** An object with a status, such as a `ShardManager`. */
export interface StatusSource {
  status(): ManagerStatus;
}

/**
 * Serves the status of a manager on loopback: requests with a foreign Host or Origin are turned away, and there is
 * nothing to write. It does not keep the process alive.
 *
 * @example
 * ```ts
 * const endpoint = await serveStatus(manager, { port: 7979 });
 * // npx shardwright status --url http://127.0.0.1:7979/
 * ```
 * @throws the error of `net.Server` when the port is taken
 */
export async function serveStatus(
  manager: StatusSource,
  { port = 0, clock = systemClock }: StatusServerOptions = {},
): Promise<StatusServer> {
  const report = (): StatusReport => ({
    format: 'shardwright-status',
    formatVersion: 1,
    shardwright: VERSION,
    pid: process.pid,
    at: clock.now(),
    status: manager.status(),
  });
  const server = await LoopbackServer.listen({
    port,
    respond: (path) => (path === '/' ? { type: 'application/json', body: JSON.stringify(report()) } : null),
  });
  const close = (): Promise<void> => server.close();
  return { url: server.url, close, [Symbol.asyncDispose]: close };
}
