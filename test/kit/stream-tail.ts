/**
 * Reads the streams of a bot in Redis as they grow, without the library: what was published, and whether something was
 * published twice in one life of the server.
 */
import { createClient } from 'redis';

export interface StreamedDispatch {
  readonly shardId: number;
  readonly sessionId: string;
  readonly sequence: number;
  readonly t: string;
  /** The id of a message; `null` for other dispatches. */
  readonly id: string | null;
}

interface StreamTailOptions {
  readonly url: string;
  readonly app: string;
  readonly shards: number;
  readonly partitions: number;
}

const EVERY_MS = 50;
const BATCH = '5000';
const PACKET_ID = /"d":\{"id":"([^"]+)"/;

type Entry = [position: string, fields: string[]];

export class StreamTail {
  /** Everything that was in a stream, each dispatch of a session once. */
  readonly dispatches = new Map<string, StreamedDispatch>();
  /** The ids of the messages that were in a stream. */
  readonly messageIds = new Set<string>();
  /** What was in a stream twice, or out of order, in one life of the server. */
  readonly faults: string[] = [];
  readonly #options: StreamTailOptions;
  readonly #client: ReturnType<typeof createClient>;
  readonly #positions = new Map<number, string>();
  readonly #sequences = new Map<string, number>();
  #runId = '';
  #isStopped = false;
  #running: Promise<void>;

  constructor(options: StreamTailOptions) {
    this.#options = options;
    this.#client = createClient({
      url: options.url,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: () => EVERY_MS },
    });
    this.#client.on('error', () => undefined);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    this.#client.destroy();
  }

  async #run(): Promise<void> {
    void this.#client.connect().catch(() => undefined);
    while (!this.#isStopped) {
      // The server may be away.
      await this.#read().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #read(): Promise<void> {
    const { shards } = this.#options;
    const runId = /run_id:(\w+)/.exec(await this.#client.info('server'))?.[1] ?? '';
    if (runId !== this.#runId) {
      this.#runId = runId;
      this.#positions.clear();
      this.#sequences.clear();
    }
    for (let shardId = 0; shardId < shards; shardId += 1) await this.#readStream(shardId);
  }

  async #readStream(shardId: number): Promise<void> {
    const { app, partitions } = this.#options;
    const key = `{${app}.p${shardId % partitions}}:stream:${shardId}`;
    const after = this.#positions.get(shardId);
    const first = after === undefined ? '-' : `(${after}`;
    const entries = (await this.#client.sendCommand(['XRANGE', key, first, '+', 'COUNT', BATCH])) as unknown as Entry[];
    for (const [position, fields] of entries) {
      this.#positions.set(shardId, position);
      this.#add(shardId, fieldOf(fields));
    }
  }

  #add(shardId: number, field: (name: string) => string): void {
    const sessionId = field('i');
    const sequence = Number(field('s'));
    const t = field('t');
    const last = this.#sequences.get(sessionId) ?? -1;
    if (sequence <= last) this.faults.push(`shard ${shardId}: ${t} ${sequence} after ${last}`);
    this.#sequences.set(sessionId, Math.max(last, sequence));
    const id = t === 'MESSAGE_CREATE' ? (PACKET_ID.exec(field('d'))?.[1] ?? null) : null;
    if (id !== null) this.messageIds.add(id);
    this.dispatches.set(`${sessionId}/${shardId}/${sequence}`, { shardId, sessionId, sequence, t, id });
  }
}

const fieldOf =
  (fields: readonly string[]) =>
  (name: string): string => {
    const at = fields.findIndex((each, index) => index % 2 === 0 && each === name);
    return fields[at + 1] ?? '';
  };
