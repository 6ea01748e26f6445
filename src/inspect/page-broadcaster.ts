/**
 * Sends the open pages what is new: news within 50 ms, counters every 250 ms. With no page open, it does nothing, and a
 * bot in which nothing happens is not woken for more.
 */
import type { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import { VERSION } from '../version.ts';
import { NO_UPDATES } from './inspectable.ts';
import type { DetailUpdates } from './inspectable.ts';
import type { InspectionRegistry } from './inspection-registry.ts';
import { PageClient } from './page-client.ts';

/** A person sees no difference, and one message costs little more than one entry of it. */
const NEWS_MS = 50;
const MEASURE_MS = 250;
/** A page that receives nothing for this long could not know whether it is still connected. */
const KEEP_ALIVE_MS = 1_000;

export class PageBroadcaster {
  readonly #registry: InspectionRegistry;
  readonly #clock: Clock;
  readonly #payloads: boolean;
  readonly #clients = new Set<PageClient>();
  #measuring: NodeJS.Timeout | null = null;
  #news: NodeJS.Timeout | null = null;
  #lastSentAt = 0;

  constructor(registry: InspectionRegistry, clock: Clock, payloads: boolean) {
    this.#registry = registry;
    this.#clock = clock;
    this.#payloads = payloads;
    registry.onNews = () => this.#sendSoon();
    registry.onReplaced = (key) => {
      for (const client of this.#clients) if (client.selected === key) this.#requestDetail(client, key);
    };
  }

  get pageCount(): number {
    return this.#clients.size;
  }

  addClient(socket: WebSocket): void {
    const client = new PageClient(
      socket,
      (selecting, previous) => this.#switchSubscription(selecting.selected, previous),
      (closed) => this.#removeClient(closed),
    );
    if (this.#clients.size === 0) {
      this.#registry.startCollecting();
      this.#startTicking();
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
    this.#stopTicking();
    for (const client of this.#clients) client.terminate();
  }

  #switchSubscription(selected: string | null, previous: string | null): void {
    if (selected !== null) this.#registry.find(selected)?.subscribe();
    if (previous !== null) this.#registry.find(previous)?.unsubscribe();
    this.#sendSoon();
  }

  #requestDetail(client: PageClient, key: string): void {
    this.#registry.find(key)?.subscribe();
    client.needsDetail = true;
    this.#sendSoon();
  }

  #removeClient(client: PageClient): void {
    this.#clients.delete(client);
    this.#switchSubscription(null, client.selected);
    if (this.#clients.size > 0) return;
    this.#stopTicking();
    this.#registry.stopCollecting();
  }

  /** Uses real time, whatever clock the shards have, because people watch in real time. */
  #startTicking(): void {
    this.#measuring ??= setInterval(() => this.#tick(true), MEASURE_MS).unref();
  }

  #sendSoon(): void {
    if (this.#measuring !== null) this.#news ??= setTimeout(() => this.#tick(false), NEWS_MS).unref();
  }

  #stopTicking(): void {
    clearInterval(this.#measuring ?? undefined);
    clearTimeout(this.#news ?? undefined);
    this.#measuring = null;
    this.#news = null;
  }

  #tick(isMeasuring: boolean): void {
    clearTimeout(this.#news ?? undefined);
    this.#news = null;
    const now = this.#clock.now();
    const updatesByKey = new Map<string, DetailUpdates>();
    for (const { selected } of this.#clients) {
      if (selected !== null && !updatesByKey.has(selected))
        updatesByKey.set(selected, this.#registry.find(selected)?.consumeUpdates() ?? NO_UPDATES);
    }
    const { managers, shards, removed, log, details } = this.#registry.collect(
      new Set(updatesByKey.keys()),
      isMeasuring,
    );
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
        identify: this.#registry.identify,
        ...updates,
      });
    }
    if (!wasSentRecently || shards.length + log.length > 0) this.#lastSentAt = now;
  }

  /** Sends everything known about the selection, the newest updates included. */
  #sendDetail(client: PageClient, now: number): void {
    client.needsDetail = false;
    const detail = client.selected === null ? undefined : this.#registry.find(client.selected)?.detail;
    if (detail !== undefined) client.send({ type: 'detail', now, detail });
  }
}

const mergeById = <T extends { readonly id: number }>(some: readonly T[], others: readonly T[]): readonly T[] =>
  others.length === 0 ? some : [...some, ...others].toSorted((a, b) => a.id - b.id);
