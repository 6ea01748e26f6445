/** A process that commits dispatches as the publisher of a node does, but as fast as Redis takes them. */
import type { EngineConnection } from '../../src/cluster/ports/engine.ts';
import type { Lease } from '../../src/cluster/ports/ownership.ts';
import type { PublishedDispatch } from '../../src/cluster/ports/session-journal.ts';
import { redisEngine } from '../../src/redis/index.ts';
import { mix } from '../mix.ts';
import { serve } from '../rpc.ts';
import type { EngineSetup } from './rig.ts';

export interface CommitRun {
  /** How many shards commit at the same time. Each has one commit under way. */
  readonly inFlight: number;
  /** How many dispatches each commit has. */
  readonly batch: number;
  /** How many dispatches in all. */
  readonly count: number;
}

interface Stream {
  readonly lease: Lease;
  sequence: number;
}

const MEMBER = { name: 'bench', instance: 'bench' };
const BOUNDS = { maxLength: 10_000_000, maxAgeMs: 3_600_000 };
const SAMPLES = 2_000;
const CLAIM_RETRY_MS = 50;
const MS_PER_SECOND = 1_000;

/** Dispatches as they are in the stream. GUILD_CREATEs are left out: they come at the start, and are large. */
const messages = mix(SAMPLES, 1).filter(({ t }) => t !== 'GUILD_CREATE');
const payloads = messages.map(({ t, text }) => ({ t, bytes: Buffer.from(text) }));

let connection: EngineConnection | null = null;
let streams: Stream[] = [];

const sessionOf = (shardId: number) => ({
  sessionId: `bench-${shardId}`,
  resumeUrl: 'wss://gateway.example',
  sequence: 0,
  shardId,
  shardCount: streams.length,
});

const entryOf = (sequence: number, shardId: number): PublishedDispatch => {
  const { t, bytes } = payloads[sequence % payloads.length] ?? { t: 'MESSAGE_CREATE', bytes: Buffer.alloc(0) };
  return { sequence, t, bytes, guildId: String(shardId) };
};

async function claim(open: EngineConnection, shardId: number): Promise<Lease> {
  for (;;) {
    const lease = await open.ownership({ kind: 'shards' }).claim(shardId, MEMBER);
    if (lease !== null) return lease;
    await new Promise((resolve) => void setTimeout(resolve, CLAIM_RETRY_MS));
  }
}

async function commitOn(open: EngineConnection, stream: Stream, count: number, batch: number): Promise<void> {
  const { lease } = stream;
  const { sessionId } = sessionOf(lease.shardId);
  for (let left = count; left > 0;) {
    const base = stream.sequence;
    const size = Math.min(left, batch);
    const entries = Array.from({ length: size }, (_, index) => entryOf(base + index + 1, lease.shardId));
    const { kind } = await open.journal.commit(lease, {
      sessionId,
      base,
      sequence: base + size,
      entries,
      bounds: BOUNDS,
    });
    if (kind !== 'stored') throw new Error(`a commit of shard ${lease.shardId} was not stored: ${kind}`);
    stream.sequence = base + size;
    left -= size;
  }
}

const procedures = {
  open: async ({ engine, shards }: { engine: EngineSetup; shards: number }): Promise<void> => {
    const open = await redisEngine(engine).open({ report: () => undefined });
    connection = open;
    await open.agree({ total: shards });
    await open.ownership({ kind: 'shards' }).join(MEMBER);
    const leases = await Promise.all(Array.from({ length: shards }, (_, shardId) => claim(open, shardId)));
    streams = leases.map((lease) => ({ lease, sequence: 0 }));
    for (const { lease } of streams) await open.journal.open(lease, sessionOf(lease.shardId), [], BOUNDS);
  },
  /** Resolves with how many dispatches per second were stored. */
  commit: async ({ inFlight, batch, count }: CommitRun): Promise<number> => {
    if (connection === null || streams.length < inFlight) throw new Error('open more shards first');
    const open = connection;
    const each = Math.ceil(count / inFlight);
    const startedAt = performance.now();
    await Promise.all(streams.slice(0, inFlight).map((stream) => commitOn(open, stream, each, batch)));
    return (each * inFlight * MS_PER_SECOND) / (performance.now() - startedAt);
  },
  /** Reads who has what, as often as that. Resolves with the CPU time of this process, in µs. */
  look: async (count: number): Promise<number> => {
    if (connection === null) throw new Error('open the engine first');
    const ownership = connection.ownership({ kind: 'shards' });
    const before = process.cpuUsage();
    for (let look = 0; look < count; look += 1) {
      const { shards } = await ownership.view();
      if (shards.length !== streams.length) throw new Error(`a look found ${shards.length} shards`);
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  },
};

export type EngineProcedures = typeof procedures;

serve(procedures);
