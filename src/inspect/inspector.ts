/**
 * The local inspector: a page on loopback that shows shards and managers. It sees states, event names, transitions and
 * counters. With no page open it costs next to nothing, and none of its failures reaches a shard.
 */
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { ManagerInspectionObserver } from '../manager/inspected-manager.ts';
import { InspectionRegistry } from './inspection-registry.ts';
import { PageBroadcaster } from './page-broadcaster.ts';
import { PageServer } from './page-server.ts';

/** Options of {@link createInspector}. */
export interface InspectorOptions {
  /**
   * The port on 127.0.0.1. With 0, the system chooses a free port.
   *
   * @defaultValue 0
   */
  port?: number;
  /**
   * How many pages may be open at the same time.
   *
   * @defaultValue 8
   */
  maxPages?: number;
  /**
   * Whether the page shows the dispatches of the selected shard with their payloads. When false, it only counts them.
   *
   * @defaultValue false
   */
  payloads?: boolean;
  /**
   * Returns the part of a dispatch that the page may show when `payloads` is true. The payload can contain what users
   * wrote, so return only what you want on a screen.
   *
   * @defaultValue `({ d }) => d`, the whole payload
   */
  redact?: (dispatch: Dispatch) => unknown;
  /**
   * The clock behind the times on the page. Use the same clock as the shards.
   *
   * @defaultValue `systemClock`
   */
  clock?: Clock;
}

/** A running inspector, returned by {@link createInspector}. */
export interface Inspector extends AsyncDisposable {
  /** The address of the page: `http://127.0.0.1:PORT/`. */
  readonly url: string;
  /** Pass it as the option `inspect` of a shard or a manager. One inspector shows any number of them. */
  readonly inspect: ManagerInspectionObserver;
  /** Closes the page and stops watching the shards, which keep running. Resolves when the server is closed. */
  close(): Promise<void>;
}

/**
 * Starts the inspector: a local page that shows the statechart, timeline, heartbeat latency and log of each shard.
 * Resolves when the page can be opened. The inspector does not keep the process alive.
 *
 * @throws rejects with the error of `net.Server`, for example `EADDRINUSE` when the port is taken.
 * @throws {@link GatewayError} `PAGE_NOT_FOUND` where the page is missing, as in a bundle
 *
 * @example
 * ```ts
 * const inspector = await createInspector();
 * console.log(inspector.url);
 * const manager = new ShardManager({ token, intents, inspect: inspector.inspect });
 * ```
 */
export async function createInspector(options: InspectorOptions = {}): Promise<Inspector> {
  const { port = 0, maxPages = 8, payloads = false, redact = ({ d }) => d, clock = systemClock } = options;
  const registry = new InspectionRegistry(clock, payloads ? redact : null);
  const broadcaster = new PageBroadcaster(registry, clock, payloads);
  const server = await PageServer.listen({
    port,
    canAccept: () => broadcaster.pageCount < maxPages,
    onPage: (socket) => broadcaster.addClient(socket),
  });
  const close = async (): Promise<void> => {
    broadcaster.close();
    registry.close();
    await server.close();
  };
  return {
    url: server.url,
    inspect: {
      attach: (shard) => void registry.addShard(shard),
      attachManager: (manager) => registry.addManager(manager),
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
