/**
 * Serves what a supervisor, a collector of metrics and people want to know about a bot: its status as JSON, its health
 * and its metrics. The answers contain states, pings and counts, and never a session id or the token.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { foreignHostOrOrigin, foreignOrigin } from '../http/loopback-guard.ts';
import type { ManagerStatus } from '../manager/manager-status.ts';
import { statusOf } from '../metrics/bot-status.ts';
import type { StatusSource } from '../metrics/bot-status.ts';
import { MetricRegistry } from '../metrics/metric-registry.ts';
import { recordTelemetry } from '../metrics/telemetry-recorder.ts';
import { assertOption, isDuration, isObject } from '../protocol/validation.ts';
import { VERSION } from '../version.ts';
import { BotHealth } from './bot-health.ts';
import { HttpServer } from './http-server.ts';
import type { HttpResponse } from './http-server.ts';

/** Options of {@link serveStatus}. */
export interface StatusServerOptions {
  /**
   * The port. With 0, the system chooses a free port.
   * @defaultValue 0
   */
  port?: number;
  /**
   * The address to listen on. Set it to `'0.0.0.0'` in a container, whose probes come from outside.
   * @defaultValue `'127.0.0.1'`
   */
  host?: string;
  /**
   * The host names, besides those of this machine, with which `/` and `/metrics` may be requested, without a port. A
   * request with another `Host` is refused, because it may come from a web page that was pointed at this address.
   * `'*'` allows any, for an address that only trusted machines reach. `/healthz` and `/readyz` answer whatever the
   * `Host`: they say nothing but yes or no.
   * @defaultValue `[]`
   */
  allowedHosts?: readonly string[];
  /**
   * How long a shard may be not ready before `/healthz` answers 503, in ms. Raise it if a restart is expensive for you;
   * a short outage of Discord should not cause one.
   * @defaultValue 300_000
   */
  graceMs?: number;
  /**
   * The clock behind the time `at` in each report, and the grace.
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

const DEFAULT_GRACE_MS = 300_000;

/** The paths whose answers say nothing but yes or no. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const isHostList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((host) => typeof host === 'string' && host !== '');

const verdict = (isGood: boolean): HttpResponse => ({
  status: isGood ? 200 : 503,
  type: 'text/plain',
  body: isGood ? 'ok\n' : 'not ready\n',
});

function assertSource(bot: unknown): void {
  assertOption(
    isObject(bot) && (typeof bot['status'] === 'function' || typeof bot['shardId'] === 'number'),
    'serveStatus() needs a ShardManager or a Shard',
  );
}

/**
 * Serves the status of a manager or of a single shard. Resolves when the endpoint listens. The endpoint is read-only,
 * refuses requests with a foreign Host or Origin, and does not keep the process alive.
 *
 * | path | answer |
 * |---|---|
 * | `/` | the status as JSON, for `shardwright status` |
 * | `/healthz` | 200; 503 if a shard has failed, or was not ready for longer than `graceMs` |
 * | `/readyz` | 200 if every shard is ready, else 503 |
 * | `/metrics` | the metrics of `shardwright/prometheus` as text |
 *
 * @throws {@link GatewayError} `INVALID_OPTIONS`; rejects with the error of `net.Server`, for example `EADDRINUSE` when
 * the port is taken.
 *
 * @example
 * ```ts
 * const endpoint = await serveStatus(manager, { port: 7979 });
 * // npx shardwright status --url http://127.0.0.1:7979/
 * ```
 */
export async function serveStatus(bot: StatusSource, options: StatusServerOptions = {}): Promise<StatusServer> {
  const { port = 0, host = '127.0.0.1', allowedHosts = [], clock = systemClock } = options;
  const { graceMs = DEFAULT_GRACE_MS } = options;
  assertSource(bot);
  assertOption(typeof host === 'string' && host !== '', 'host must be an address, such as 127.0.0.1 or 0.0.0.0');
  assertOption(isHostList(allowedHosts), "allowedHosts must be a list of host names, or ['*']");
  assertOption(isDuration(graceMs), 'graceMs must be a number of ms, 0 or more');
  const report = (): StatusReport => ({
    format: 'shardwright-status',
    formatVersion: 1,
    shardwright: VERSION,
    pid: process.pid,
    at: clock.now(),
    status: statusOf(bot),
  });
  const health = new BotHealth(bot, clock, graceMs);
  const registry = new MetricRegistry(bot);
  const pages: Readonly<Record<string, () => HttpResponse>> = {
    '/': () => ({ type: 'application/json', body: JSON.stringify(report()) }),
    '/healthz': () => verdict(health.isHealthy()),
    '/readyz': () => verdict(health.isReady),
    '/metrics': () => ({ type: METRICS_TYPE, body: registry.toText() }),
  };
  const hosts = allowedHosts.map((name) => name.toLowerCase());
  const server = await HttpServer.listen({
    port,
    host,
    rejection: (path: string, headers: IncomingHttpHeaders) =>
      OPEN_PATHS.has(path) ? foreignOrigin(headers) : foreignHostOrOrigin(headers, hosts),
    respond: (path) => (Object.hasOwn(pages, path) ? (pages[path]?.() ?? null) : null),
  });
  const stopRecording = recordTelemetry(registry);
  const close = (): Promise<void> => {
    stopRecording();
    return server.close();
  };
  return { url: server.url, close, [Symbol.asyncDispose]: close };
}
