/**
 * The local inspector: shards are shown on a page on loopback. It sees states, names of events, edges and counters;
 * with no page open it does next to nothing, and whatever becomes of it the shards go on.
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
  /** The port on 127.0.0.1; 0 takes a free one. Default 0. */
  port?: number;
  /** Pages that may be open at a time. Default 8. */
  maxPages?: number;
  /** Show dispatches with their payloads, of the shard that is selected. Default false: only counted. */
  payloads?: boolean;
  /** What of a dispatch is shown when `payloads` are. Default `d` as it is; it may hold what people wrote. */
  redact?: (dispatch: Dispatch) => unknown;
  /** For the times shown. Default the system's. */
  clock?: Clock;
}

/** A running inspector. */
export interface Inspector extends AsyncDisposable {
  /** Of the page: `http://127.0.0.1:PORT/`. */
  readonly url: string;
  /** For the option `inspect` of a shard or a manager; one inspector can show any number of them. */
  readonly inspect: ManagerInspectionObserver;
  /** Closes the page and lets go of the shards, which go on. */
  close(): Promise<void>;
}

/**
 * Starts an inspector. It does not keep the process alive.
 *
 * @example
 * ```ts
 * const inspector = await createInspector();
 * console.log(inspector.url);
 * const manager = new ShardManager({ token, intents, inspect: inspector.inspect });
 * ```
 * @throws the error of `net.Server` when the port is taken
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
