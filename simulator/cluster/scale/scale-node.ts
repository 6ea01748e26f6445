/**
 * A node of a large cluster with stand-ins for its shards. The node, its leases, the balance and the identify gate are
 * real. A shard connects in a fixed time, and has no socket: sixteen thousand real ones would take hours.
 */
import { DEFAULT_TIMING } from '../../../machines/index.ts';
import type { ShardState } from '../../../machines/index.ts';
import { MemoryLine } from '../../../src/cluster/memory/memory-line.ts';
import type { MemoryServer } from '../../../src/cluster/memory/memory-server.ts';
import { ClusterNode } from '../../../src/cluster/node/cluster-node.ts';
import type { NodeEntry, NodeHost, NodeShard, ReshardHost } from '../../../src/cluster/node/node-host.ts';
import type { Session } from '../../../src/session/session.ts';
import { BufferBudget } from '../../../src/shard/buffer-budget.ts';
import { silentLogger } from '../../../src/shard/logger.ts';

import { waitAtMost } from '../../../src/protocol/wait-at-most.ts';
import { NodeClock } from '../node-clock.ts';
import type { SimClock } from '../../sim-clock.ts';

/** From the start of a shard to READY or RESUMED, and from the end of one to its closed socket. */
const CONNECT_MS = 500;
const CLOSE_MS = 100;
const ENGINE_LATENCY_MS = 5;
const PLENTY = 1_000_000;
const DAY_MS = 86_400_000;

const NOT_SIMULATED = new Error('a stand-in for a shard sends nothing');
const NO_LIMIT = new BufferBudget(PLENTY, { onTightChange: () => undefined, onRoom: () => undefined });

class StandIn implements NodeShard {
  readonly shardId: number;
  readonly stopping = new AbortController();
  session: Session | null = null;

  constructor(shardId: number) {
    this.shardId = shardId;
  }

  get state(): ShardState {
    return this.session === null ? 'connecting' : 'ready';
  }

  send(): Promise<void> {
    return Promise.reject(NOT_SIMULATED);
  }

  requestGuildMembers(): Promise<never> {
    return Promise.reject(NOT_SIMULATED);
  }

  async settled(): Promise<void> {}

  pauseReading(): void {}

  resumeReading(): void {}

  setBufferFull(): void {}
}

export interface ScaleNodeOptions {
  readonly clock: SimClock;
  readonly server: MemoryServer;
  readonly name: string;
  readonly shards: number;
  readonly maxConcurrency: number;
  readonly maxMovesPerSecond: number;
}

/** Nobody asks for another shard count here. */
const NEVER_RESHARDS: ReshardHost = {
  isNextReady: false,
  prepareNext: () => undefined,
  beginHandOver: () => undefined,
  bufferNext: async () => [],
  freezeCurrent: async () => [],
  catchUp: async () => undefined,
  cancelHandOver: () => undefined,
  switchOver: () => undefined,
  discardNext: () => undefined,
  onHandingOver: () => undefined,
  onReshardFailed: () => undefined,
};

export class ScaleNode {
  readonly #clock: NodeClock;
  readonly #line: MemoryLine;
  readonly #node: ClusterNode;
  readonly #shards = new Map<number, StandIn>();
  readonly #total: number;
  #entry: NodeEntry | null = null;
  hasJoined = false;
  /** How many shards are ready. */
  ready = 0;
  /** How many shards have identified. */
  identifies = 0;

  constructor({ clock, server, name, shards, maxConcurrency, maxMovesPerSecond }: ScaleNodeOptions) {
    this.#total = shards;
    this.#clock = new NodeClock(clock);
    this.#line = new MemoryLine(server, this.#clock);
    this.#line.set({ requestDelayMs: ENGINE_LATENCY_MS, answerDelayMs: ENGINE_LATENCY_MS });
    this.#node = new ClusterNode({
      engine: this.#line,
      host: this.#host(),
      name,
      total: shards,
      ids: null,
      publish: null,
      maxMovesPerSecond,
      sessionStartLimit: { total: PLENTY, remaining: PLENTY, resetAfterMs: DAY_MS, maxConcurrency },
      reserve: 0,
    });
    this.#node.start();
  }

  leave(): Promise<void> {
    return this.#node.leave();
  }

  /** Ends at once, as with `kill -9`. */
  kill(): void {
    this.#clock.end();
    this.#line.set({ isCut: true });
    this.ready = 0;
  }

  #host(): NodeHost {
    return {
      clock: this.#clock,
      random: () => 0.5,
      logger: silentLogger,
      timing: DEFAULT_TIMING,
      budget: NO_LIMIT,
      resharding: NEVER_RESHARDS,
      shards: this.#shards,
      startShard: (shardId) => void this.#start(shardId).catch(() => undefined),
      stopShard: async (shardId) => {
        this.#remove(shardId);
        await this.#wait(CLOSE_MS);
      },
      dropShard: (shardId) => this.#remove(shardId),
      rewindShard: () => undefined,
      setSuspended: () => undefined,
      reportFault: () => undefined,
      onClaimed: () => undefined,
      onReleased: () => undefined,
      onNodeJoined: () => undefined,
      onNodeLeft: () => undefined,
      onEntered: (entry) => (this.#entry = entry),
      onJoined: () => (this.hasJoined = true),
      onFailed: (error) => {
        throw error;
      },
    };
  }

  async #start(shardId: number): Promise<void> {
    const shard = new StandIn(shardId);
    this.#shards.set(shardId, shard);
    const { store, gate } = this.#entry!;
    const stored = await store.load(shardId);
    await this.#wait(CONNECT_MS);
    if (stored === null) {
      const permit = await gate.acquire({ shardId, signal: shard.stopping.signal });
      permit.sent();
      this.identifies += 1;
      await this.#wait(CONNECT_MS);
    }
    if (this.#shards.get(shardId) !== shard) return;
    shard.session = stored ?? {
      sessionId: `session of ${shardId}`,
      resumeUrl: 'wss://resume.sim',
      sequence: 1,
      shardId,
      shardCount: this.#total,
    };
    this.ready += 1;
    await store.save(shard.session);
  }

  #remove(shardId: number): void {
    const shard = this.#shards.get(shardId);
    if (shard === undefined) return;
    this.#shards.delete(shardId);
    shard.stopping.abort();
    if (shard.session !== null) this.ready -= 1;
  }

  #wait(ms: number): Promise<void> {
    return waitAtMost(this.#clock, ms, new Promise(() => undefined));
  }
}
