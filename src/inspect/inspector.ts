/**
 * The local inspector: shards are shown on a page on loopback. It sees states, names of events, edges and counters;
 * with no page open it does next to nothing, and whatever becomes of it the shards go on.
 */
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { ManagerInspectionObserver } from '../manager/inspected-manager.ts';
import { VERSION } from '../version.ts';
import { Fleet } from './fleet.ts';
import type { Fresh } from './probe.ts';
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
const SILENCE_MS = 1_000;
const NOTHING: Fresh = { states: [], marks: [], beats: [] };

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
  const fleet = new Fleet(clock, payloads ? redact : null);
  const show = new Show(fleet, clock, payloads);
  const server = await PageServer.listen({ port, hasRoom: () => show.pages < maxPages, onPage: (socket) => show.admit(socket) });
  const close = async (): Promise<void> => {
    show.close();
    fleet.close();
    await server.close();
  };
  return {
    url: server.url,
    inspect: { attach: (shard) => void fleet.add(shard), attachManager: (manager) => fleet.addManager(manager) },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Tells the open pages what is new, at a steady pace. */
class Show {
  readonly #fleet: Fleet;
  readonly #clock: Clock;
  readonly #payloads: boolean;
  readonly #clients = new Set<PageClient>();
  readonly #ticker = new Ticker(TICK_MS, () => this.#tick());
  #saidAt = 0;

  constructor(fleet: Fleet, clock: Clock, payloads: boolean) {
    this.#fleet = fleet;
    this.#clock = clock;
    this.#payloads = payloads;
    fleet.onReplaced = (key) => {
      for (const client of this.#clients) if (client.selected === key) this.#introduceAnew(client, key);
    };
  }

  get pages(): number {
    return this.#clients.size;
  }

  admit(socket: ConstructorParameters<typeof PageClient>[0]): void {
    const client = new PageClient(
      socket,
      (selecting, before) => this.#select(selecting.selected, before),
      (closed) => this.#leave(closed),
    );
    if (this.#clients.size === 0) {
      this.#fleet.open();
      this.#ticker.start();
    }
    this.#clients.add(client);
    const { managers, summaries: shards, log, identify } = this.#fleet;
    client.send({ type: 'welcome', version: VERSION, now: this.#clock.now(), payloads: this.#payloads, managers, shards, log, identify });
  }

  close(): void {
    this.#ticker.stop();
    for (const client of this.#clients) client.terminate();
  }

  #select(selected: string | null, before: string | null): void {
    if (selected !== null) this.#fleet.subject(selected)?.watch();
    if (before !== null) this.#fleet.subject(before)?.unwatch();
  }

  #introduceAnew(client: PageClient, key: string): void {
    this.#fleet.subject(key)?.watch();
    client.isNew = true;
  }

  #leave(client: PageClient): void {
    this.#clients.delete(client);
    this.#select(null, client.selected);
    if (this.#clients.size > 0) return;
    this.#ticker.stop();
    this.#fleet.rest();
  }

  #tick(): void {
    const now = this.#clock.now();
    const { managers, shards, gone, log, details } = this.#fleet.collect();
    const { identify } = this.#fleet;
    const fresh = new Map<string, Fresh>();
    for (const { selected } of this.#clients) {
      if (selected !== null && !fresh.has(selected)) fresh.set(selected, this.#fleet.subject(selected)?.takeFresh() ?? NOTHING);
    }
    const isSilent = now - this.#saidAt < SILENCE_MS;
    for (const client of this.#clients) {
      const { selected } = client;
      const own = selected === null ? [] : (details.get(selected) ?? []);
      const news = selected === null || client.isNew ? NOTHING : (fresh.get(selected) ?? NOTHING);
      if (client.isNew) this.#introduce(client, now);
      const isNothing = managers.length + shards.length + gone.length + log.length + own.length + news.states.length + news.marks.length + news.beats.length === 0;
      if (isNothing && isSilent) continue;
      client.send({ type: 'batch', now, managers, shards, gone, log: merged(log, own), identify, ...news });
    }
    if (!isSilent || shards.length + log.length > 0) this.#saidAt = now;
  }

  /** The whole of what it has selected; what is new is in it. */
  #introduce(client: PageClient, now: number): void {
    client.isNew = false;
    const detail = client.selected === null ? undefined : this.#fleet.subject(client.selected)?.detail;
    if (detail !== undefined) client.send({ type: 'detail', now, detail });
  }
}

const merged = <T extends { readonly id: number }>(some: readonly T[], others: readonly T[]): readonly T[] =>
  others.length === 0 ? some : [...some, ...others].toSorted((a, b) => a.id - b.id);
