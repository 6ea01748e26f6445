/**
 * The messages that Redis passes on: something of a scope has changed, a stream or a queue has something new, an answer.
 * They only wake those who wait, because some may be lost. After an outage all are called.
 */
import type { RedisClientLike } from './redis-client.ts';
import type { RedisLink } from './redis-link.ts';
import { destroy } from './redis-link.ts';
import { waitUntil } from './wait-until.ts';

/** Called with a message, or with `null` when some may have been lost. */
export type MessageListener = (message: string | null) => void;

interface Channel {
  readonly listeners: Set<MessageListener>;
  /** What the client calls. It has to be named when it ends: the client drops every later one of the channel otherwise. */
  readonly onMessage: (message: string) => void;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

export class RedisMessages {
  readonly #link: RedisLink;
  readonly #channels = new Map<string, Channel>();
  /** The channels that Redis has confirmed. */
  readonly #heard = new Set<string>();
  /** `undefined` while nothing is connected. */
  #client: RedisClientLike | undefined;
  #isConnecting = false;

  constructor(link: RedisLink) {
    this.#link = link;
    link.onReachableChange((isReachable) => {
      // The connection may have hung with the other one.
      if (isReachable) this.#restart();
      else this.#drop();
    });
  }

  /** Returns a function that ends it. */
  subscribe(channel: string, listener: MessageListener): () => void {
    const known = this.#channels.get(channel);
    if (known !== undefined) {
      known.listeners.add(listener);
      if (this.#heard.has(channel)) queueMicrotask(() => listener(null));
    } else {
      const listeners = new Set([listener]);
      this.#channels.set(channel, { listeners, onMessage: (message) => publish(listeners, message) });
      if (this.#client === undefined) void this.#connect();
      else void this.#listen(this.#client, channel);
    }
    return () => this.#unsubscribe(channel, listener);
  }

  close(): void {
    this.#channels.clear();
    this.#drop();
  }

  #unsubscribe(channel: string, listener: MessageListener): void {
    const known = this.#channels.get(channel);
    if (known === undefined || !known.listeners.delete(listener) || known.listeners.size > 0) return;
    this.#channels.delete(channel);
    this.#heard.delete(channel);
    this.#client?.sUnsubscribe(channel, known.onMessage).catch(() => undefined);
  }

  async #connect(): Promise<void> {
    if (this.#isConnecting) return;
    this.#isConnecting = true;
    let delayMs = FIRST_RETRY_MS;
    while (!this.#link.signal.aborted && this.#link.isReachable && this.#client === undefined) {
      try {
        this.#client = await this.#open();
      } catch {
        // The link notices an outage, and says so.
        await waitUntil(this.#link.clock, delayMs, this.#link.signal);
        delayMs = Math.min(delayMs * 2, MAX_RETRY_MS);
      }
    }
    this.#isConnecting = false;
    const client = this.#client;
    if (client === undefined) return;
    if (this.#link.signal.aborted) return this.#drop();
    await Promise.all([...this.#channels.keys()].map((channel) => this.#listen(client, channel)));
  }

  async #open(): Promise<RedisClientLike> {
    const client = await this.#link.createSubscriber();
    client.on('error', () => {
      if (client !== this.#client) return;
      // A client that was passed does not say when its connection is lost.
      void this.#link.check();
      this.#restart();
    });
    await this.#link.connectClient(client);
    return client;
  }

  async #listen(client: RedisClientLike, channel: string): Promise<void> {
    const known = this.#channels.get(channel);
    if (known === undefined) return;
    try {
      await client.sSubscribe(channel, known.onMessage);
      if (client !== this.#client || this.#channels.get(channel) !== known) return;
      this.#heard.add(channel);
      // What came before is unknown.
      publish(known.listeners, null);
    } catch {
      if (client === this.#client) this.#restart();
    }
  }

  #restart(): void {
    this.#drop();
    if (this.#channels.size > 0) void this.#connect();
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#heard.clear();
    if (client !== undefined) destroy(client);
  }
}

function publish(listeners: ReadonlySet<MessageListener>, message: string | null): void {
  for (const listener of listeners) listener(message);
}
