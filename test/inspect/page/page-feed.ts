/** An inspector whose messages a test writes. The server is the real one; the shards do not exist. */
import type { WebSocket } from 'ws';
import type {
  FromPage,
  IdentifyReport,
  LogEntry,
  ManagerSummary,
  ShardDetail,
  ShardSummary,
  ToPage,
} from '../../../src/inspect/messages.ts';
import { PageServer } from '../../../src/inspect/page-server.ts';
import type { ShardState } from '../../../src/index.ts';

type Batch = Omit<Extract<ToPage, { type: 'batch' }>, 'type' | 'now'>;

const EMPTY_BATCH: Batch = {
  managers: [],
  shards: [],
  removed: [],
  log: [],
  identify: null,
  states: [],
  marks: [],
  heartbeats: [],
};

/** The state of the chart behind a flat state, where its path is longer than its name. */
const ACTIVE_STATES: Partial<Record<ShardState, string>> = {
  connecting: 'shard.online.session.connecting.opening',
  identifying: 'shard.online.session.identifying.queued',
  resuming: 'shard.online.session.resuming',
  ready: 'shard.online.session.ready',
  disconnecting: 'shard.disconnecting.closing',
};

export interface PageFeedOptions {
  readonly shards: number;
  /** The time of the feed at its start, in ms. @defaultValue noon (UTC) of 2026-07-04 */
  readonly startsAt?: number;
  readonly port?: number;
}

export class PageFeed {
  readonly managers = new Map<string, ManagerSummary>();
  readonly shards = new Map<string, ShardSummary>();
  readonly details = new Map<string, ShardDetail>();
  identify: IdentifyReport | null = { waiting: 0, total: 1_000, remaining: 982, resetAfterMs: 75_840_000 };
  now: number;
  log: LogEntry[] = [];
  readonly #pages = new Set<WebSocket>();
  #server: PageServer | null = null;
  #port = 0;
  #lastEntryId = 0;
  #selected: string | null = null;
  #waiting: { key: string; resolve: () => void }[] = [];

  private constructor({ shards, startsAt = Date.UTC(2026, 6, 4, 12), port = 0 }: PageFeedOptions) {
    this.now = startsAt;
    this.#port = port;
    for (let shardId = 0; shardId < shards; shardId += 1)
      this.shards.set(String(shardId), this.#newShard(shardId, shards));
  }

  static async listen(options: PageFeedOptions): Promise<PageFeed> {
    const feed = new PageFeed(options);
    await feed.open();
    return feed;
  }

  /** Opens on the same port again after {@link close}. */
  async open(): Promise<void> {
    this.#server = await PageServer.listen({
      port: this.#port,
      canAccept: () => true,
      onPage: (socket) => this.#onPage(socket),
    });
    this.#port = Number(new URL(this.#server.url).port);
  }

  async close(): Promise<void> {
    for (const page of this.#pages) page.terminate();
    await this.#server?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** The key that the page has selected last. */
  get selected(): string | null {
    return this.#selected;
  }

  /** Resolves when the page has selected this key. */
  waitForSelection(key: string): Promise<void> {
    if (this.#selected === key) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ key, resolve }));
  }

  /** Changes a shard without a message to the page. */
  setShard(key: string, change: Partial<ShardSummary>): ShardSummary {
    const shard = { ...(this.shards.get(key) ?? this.#newShard(Number(key), 1)), ...change };
    this.shards.set(key, shard);
    return shard;
  }

  /** Adds a log entry without a message to the page. */
  addEntry(shard: string, kind: LogEntry['kind'], text: string, more: Partial<LogEntry> = {}): LogEntry {
    this.#lastEntryId += 1;
    const entry = { id: this.#lastEntryId, at: this.now, shard, kind, text, ...more };
    this.log = [...this.log.slice(-1_999), entry];
    return entry;
  }

  sendBatch(changes: Partial<Batch>): void {
    this.send({ type: 'batch', now: this.now, ...EMPTY_BATCH, identify: this.identify, ...changes });
  }

  send(message: ToPage): void {
    const text = JSON.stringify(message);
    for (const page of this.#pages) page.send(text);
  }

  /** Sends a change of state: summary, log entry and timeline. */
  enterState(key: string, state: ShardState): void {
    const from = this.shards.get(key)?.state ?? 'disconnected';
    const shard = this.setShard(key, { state, since: this.now });
    const entry = this.addEntry(key, 'state', `${from} → ${state}`);
    this.sendBatch({ shards: [shard], log: [entry], states: key === this.#selected ? [{ at: this.now, state }] : [] });
  }

  #newShard(shardId: number, shardCount: number): ShardSummary {
    return {
      key: String(shardId),
      shardId,
      shardCount,
      state: 'disconnected',
      since: this.now,
      pingMs: null,
      dispatchesPerSecond: 0,
      sequence: null,
      lastDispatchAt: null,
      pendingSends: 0,
      sendWindow: null,
    };
  }

  detailOf(key: string): ShardDetail {
    const state = this.shards.get(key)?.state ?? 'disconnected';
    const active = [ACTIVE_STATES[state] ?? `shard.${state}`];
    return (
      this.details.get(key) ?? {
        key,
        chart: 'shard',
        active,
        states: [{ at: this.now, state }],
        marks: [],
        heartbeats: [],
      }
    );
  }

  #onPage(socket: WebSocket): void {
    this.#pages.add(socket);
    this.#selected = null;
    socket.on('close', () => this.#pages.delete(socket));
    socket.on('message', (data: Buffer) => this.#onMessage(socket, JSON.parse(data.toString()) as FromPage));
    const { shards, log, identify, now } = this;
    const welcome: ToPage = {
      type: 'welcome',
      version: '0.1.0',
      now,
      payloads: true,
      managers: [...this.managers.values()],
      shards: [...shards.values()],
      log,
      identify,
    };
    socket.send(JSON.stringify(welcome));
  }

  #onMessage(socket: WebSocket, message: FromPage): void {
    if (message.type !== 'select') return;
    const { shard } = message;
    this.#selected = shard;
    if (shard === null) return;
    const detail: ToPage = { type: 'detail', now: this.now, detail: this.detailOf(shard) };
    socket.send(JSON.stringify(detail));
    this.#waiting = this.#waiting.filter(({ key, resolve }) => key !== shard || resolve());
  }
}
