/**
 * The local inspector: shards are shown on a page on loopback. It sees states, names of events, edges and counters;
 * with no page open it does next to nothing, and whatever becomes of it the shards go on.
 */
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { ManagerInspectionObserver } from '../manager/inspected-manager.ts';
import { VERSION } from '../version.ts';
import { InspectionRegistry } from './inspection-registry.ts';
import type { DetailUpdates } from './shard-probe.ts';
import { PageClient } from './page-client.ts';
import { PageServer } from './page-server.ts';
import { Ticker } from './ticker.ts';

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

const TICK_MS = 50;
/** A page that is told nothing for so long could not know that it is still connected. */
const KEEP_ALIVE_MS = 1_000;
const NO_UPDATES: DetailUpdates = { states: [], marks: [], heartbeats: [] };

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

/** Tells the open pages what is new, at a steady pace. */
class PageBroadcaster {
  readonly #registry: InspectionRegistry;
  readonly #clock: Clock;
  readonly #payloads: boolean;
  readonly #clients = new Set<PageClient>();
  readonly #ticker = new Ticker(TICK_MS, () => this.#tick());
  #lastSentAt = 0;

  constructor(registry: InspectionRegistry, clock: Clock, payloads: boolean) {
    this.#registry = registry;
    this.#clock = clock;
    this.#payloads = payloads;
    registry.onReplaced = (key) => {
      for (const client of this.#clients) if (client.selected === key) this.#requestDetail(client, key);
    };
  }

  get pageCount(): number {
    return this.#clients.size;
  }

  addClient(socket: ConstructorParameters<typeof PageClient>[0]): void {
    const client = new PageClient(
      socket,
      (selecting, previous) => this.#switchSubscription(selecting.selected, previous),
      (closed) => this.#removeClient(closed),
    );
    if (this.#clients.size === 0) {
      this.#registry.startCollecting();
      this.#ticker.start();
    }
    this.#clients.add(client);
    const { managers, summaries: shards, log, identify } = this.#registry;
    client.send({
      type: 'welcome',
      version: VERSION,
      now: this.#clock.now(),
      payloads: this.#payloads,
      managers,
      shards,
      log,
      identify,
    });
  }

  close(): void {
    this.#ticker.stop();
    for (const client of this.#clients) client.terminate();
  }

  #switchSubscription(selected: string | null, previous: string | null): void {
    if (selected !== null) this.#registry.find(selected)?.subscribe();
    if (previous !== null) this.#registry.find(previous)?.unsubscribe();
  }

  #requestDetail(client: PageClient, key: string): void {
    this.#registry.find(key)?.subscribe();
    client.needsDetail = true;
  }

  #removeClient(client: PageClient): void {
    this.#clients.delete(client);
    this.#switchSubscription(null, client.selected);
    if (this.#clients.size > 0) return;
    this.#ticker.stop();
    this.#registry.stopCollecting();
  }

  #tick(): void {
    const now = this.#clock.now();
    const { managers, shards, removed, log, details } = this.#registry.collect();
    const { identify } = this.#registry;
    const updatesByKey = new Map<string, DetailUpdates>();
    for (const { selected } of this.#clients) {
      if (selected !== null && !updatesByKey.has(selected))
        updatesByKey.set(selected, this.#registry.find(selected)?.consumeUpdates() ?? NO_UPDATES);
    }
    const wasSentRecently = now - this.#lastSentAt < KEEP_ALIVE_MS;
    for (const client of this.#clients) {
      const { selected } = client;
      const ownDetails = selected === null ? [] : (details.get(selected) ?? []);
      const updates = selected === null || client.needsDetail ? NO_UPDATES : (updatesByKey.get(selected) ?? NO_UPDATES);
      if (client.needsDetail) this.#sendDetail(client, now);
      const isEmpty =
        managers.length +
          shards.length +
          removed.length +
          log.length +
          ownDetails.length +
          updates.states.length +
          updates.marks.length +
          updates.heartbeats.length ===
        0;
      if (isEmpty && wasSentRecently) continue;
      client.send({
        type: 'batch',
        now,
        managers,
        shards,
        removed,
        log: mergeById(log, ownDetails),
        identify,
        ...updates,
      });
    }
    if (!wasSentRecently || shards.length + log.length > 0) this.#lastSentAt = now;
  }

  /** The whole of what it has selected; what is new is in it. */
  #sendDetail(client: PageClient, now: number): void {
    client.needsDetail = false;
    const detail = client.selected === null ? undefined : this.#registry.find(client.selected)?.detail;
    if (detail !== undefined) client.send({ type: 'detail', now, detail });
  }
}

const mergeById = <T extends { readonly id: number }>(some: readonly T[], others: readonly T[]): readonly T[] =>
  others.length === 0 ? some : [...some, ...others].toSorted((a, b) => a.id - b.id);
