/** Streams in a memory engine that share a virtual clock with the consumers that read them, and a node that fills them. */
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
import type { Lease } from '../../src/cluster/ports/ownership.ts';
import type { PublishedDispatch } from '../../src/cluster/ports/session-journal.ts';
// Loaded by start() otherwise, which takes real time.
import '../../src/cluster/consumer/consumer-runtime.ts';
import { DispatchConsumer } from '../../src/cluster/consumer/dispatch-consumer.ts';
import type { DispatchConsumerOptions } from '../../src/cluster/consumer/consumer-options.ts';
import type { Delivery } from '../../src/cluster/consumer/delivery.ts';
import type { GatewayError } from '../../src/index.ts';
import type { Session } from '../../src/session/session.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

export const LEASE_TTL_MS = 9_000;
const NODE = { name: 'node', instance: 'node' };

export const sessionOf = (shardId: number, total: number, sequence = 0): Session => ({
  sessionId: `session-${shardId}`,
  resumeUrl: 'wss://resume.test',
  sequence,
  shardId,
  shardCount: total,
});

export const entryOf = (sequence: number, t: string, d: Readonly<Record<string, unknown>>): PublishedDispatch => ({
  sequence,
  t,
  guildId: typeof d['guild_id'] === 'string' ? d['guild_id'] : null,
  bytes: Buffer.from(JSON.stringify({ t, s: sequence, op: 0, d })),
});

const ignore = (): void => undefined;

export async function publishedStreams({ total = 1, maxLength = 10_000 } = {}) {
  const clock = new VirtualClock();
  const server = new MemoryServer({ leaseTtlMs: LEASE_TTL_MS, clock });
  const connection = await new MemoryLine(server).open({ report: () => undefined });
  const bounds = { maxLength, maxAgeMs: 3_600_000 };
  const leases = new Map<number, Lease>();
  const sequences = new Map<number, number>();
  const consumers: DispatchConsumer[] = [];
  const ownership = connection.ownership({ kind: 'shards' });
  await connection.agree({ total });
  await ownership.join(NODE);
  await clock.advanceAsync(LEASE_TTL_MS);
  for (let shardId = 0; shardId < total; shardId += 1) {
    const lease = (await ownership.claim(shardId, NODE))!;
    leases.set(shardId, lease);
    await connection.journal.open(lease, sessionOf(shardId, total), [], bounds);
  }
  const renew = (): void => {
    connection.agree({ total }).catch(ignore);
    ownership.renew(NODE, [...leases.values()], { isDraining: false }).catch(ignore);
    clock.setTimeout(renew, LEASE_TTL_MS / 3);
  };
  renew();

  return {
    clock,
    server,
    connection,
    leases,
    entryOf,
    bounds,
    /** Appends dispatches to the stream of a shard. */
    async publish(shardId: number, t: string, ...data: Readonly<Record<string, unknown>>[]): Promise<void> {
      const base = sequences.get(shardId) ?? 0;
      sequences.set(shardId, base + data.length);
      const { sessionId } = sessionOf(shardId, total);
      const entries = data.map((d, index) => entryOf(base + 1 + index, t, d));
      await connection.journal.commit(leases.get(shardId)!, {
        sessionId,
        base,
        sequence: base + data.length,
        entries,
        bounds,
      });
      await clock.advanceAsync();
    },
    /** Returns a consumer that is not started, and the way from it to the engine. */
    consumer(options: Partial<DispatchConsumerOptions> = {}) {
      const line = new MemoryLine(server);
      const faults: GatewayError[] = [];
      const consumer = new DispatchConsumer({ engine: line, group: 'bot', clock, ...options });
      consumer.on('fault', (error) => faults.push(error));
      consumers.push(consumer);
      return { consumer, line, faults };
    },
    /** Runs the clock until a promise has settled. */
    async until<T>(promise: Promise<T>, stepMs = 100): Promise<T> {
      const settled = new AbortController();
      const settle = (): void => settled.abort();
      promise.then(settle, settle);
      for (let step = 0; !settled.signal.aborted && step < 10_000; step += 1) await clock.advanceAsync(stepMs);
      return promise;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await this.until(Promise.all(consumers.map((consumer) => consumer.stop())), 1_000);
    },
  };
}

/** What a handler got, as `CONTENT#ATTEMPT`. */
export const contentOf = (data: unknown, { attempt }: Pick<Delivery, 'attempt'>): string =>
  `${(data as { content: string }).content}#${attempt}`;
