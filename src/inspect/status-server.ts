/**
 * Serves the status of a manager as JSON on loopback, for `shardwright status` and your own scripts. The report
 * contains states, pings and counts, and never a session id or the token.
 */
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { ManagerStatus } from '../manager/manager-status.ts';
import { VERSION } from '../version.ts';
import { LoopbackServer } from './loopback-server.ts';

/** Options of {@link serveStatus}. */
export interface StatusServerOptions {
  /**
   * The port on 127.0.0.1. With 0, the system chooses a free port.
   *
   * @defaultValue 0
   */
  port?: number;
  /**
   * The clock behind the time `at` in each report.
   *
   * @defaultValue `systemClock`
   */
  clock?: Clock;
}

/** A running status endpoint, returned by {@link serveStatus}. */
export interface StatusServer extends AsyncDisposable {
  /** The address of the endpoint: `http://127.0.0.1:PORT/`. Pass it to `shardwright status --url`. */
  readonly url: string;
  /** Closes the endpoint and its open connections. Resolves when the server is closed. */
  close(): Promise<void>;
}

/** The JSON that the endpoint returns. */
export interface StatusReport {
  readonly format: 'shardwright-status';
  /** The version of this format. */
  readonly formatVersion: 1;
  /** The version of the package. */
  readonly shardwright: string;
  /** The id of the process. */
  readonly pid: number;
  /** When the report was made, in ms since the epoch. */
  readonly at: number;
  readonly status: ManagerStatus;
}

/** An object with a status, such as a `ShardManager`. */
export interface StatusSource {
  /** Returns the status for one report. */
  status(): ManagerStatus;
}

/**
 * Serves the status of a manager on loopback. Resolves when the endpoint listens. The endpoint is read-only, refuses
 * requests with a foreign Host or Origin, and does not keep the process alive.
 *
 * @throws rejects with the error of `net.Server`, for example `EADDRINUSE` when the port is taken.
 *
 * @example
 * ```ts
 * const endpoint = await serveStatus(manager, { port: 7979 });
 * // npx shardwright status --url http://127.0.0.1:7979/
 * ```
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
