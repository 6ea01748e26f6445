/** Managers on real sockets to one strict FakeGateway: nodes of one bot that share a memory engine. */
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
import { ShardManager, systemClock } from '../../src/index.ts';
import type { Clock, GatewayError, ManagerEvents, ManagerOptions } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeGatewayOptions, OracleRule } from '../../src/testing/index.ts';
import { expectNoViolations } from './expect-no-violations.ts';
import { QUICK } from './timing.ts';
import { TOKEN } from './virtual-shard.ts';

export const LEASE_TTL_MS = 1_200;
/** Shorter than that of Discord, which the gateway here does not ask for: each test would wait for it. */
const IDENTIFY_SPACING_MS = 1_000;

interface LiveClusterOptions {
  readonly gateway?: FakeGatewayOptions;
  /** The options of every node. */
  readonly manager?: Partial<ManagerOptions>;
  readonly leaseTtlMs?: number;
  /** Rules of the oracle that the test breaks. */
  readonly broken?: readonly OracleRule[];
}

/** A message that a node has handed out. */
export interface Handled {
  readonly node: string;
  readonly shardId: number;
  readonly id: string;
}

/** A node that records what it hands out and what it reports. */
export interface LiveNode {
  readonly name: string;
  readonly manager: ShardManager;
  /** Its way to the engine. */
  readonly line: MemoryLine;
  readonly faults: GatewayError[];
  readonly released: [shardId: number, why: string][];
}

/** An engine that was empty for long enough: nodes need not wait for owners or IDENTIFYs that it may have forgotten. */
function createServer(leaseTtlMs: number): MemoryServer {
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const server = new MemoryServer({ leaseTtlMs, clock, identifySpacingMs: IDENTIFY_SPACING_MS });
  server.store.bornAt();
  aheadMs = 60_000;
  return server;
}

/** Fails at the end if the gateway has recorded a violation. */
export async function liveCluster(options: LiveClusterOptions = {}) {
  const server = createServer(options.leaseTtlMs ?? LEASE_TTL_MS);
  const gateway = await FakeGateway.listen({
    token: TOKEN,
    heartbeatIntervalMs: 1_000,
    identifyIntervalMs: 0,
    sessionStartLimit: { maxConcurrency: 16 },
    shards: 4,
    strict: true,
    ...options.gateway,
  });
  const nodes: LiveNode[] = [];
  const handled: Handled[] = [];
  let sent = 0;

  const node = (name: string, own: Partial<ManagerOptions> = {}): LiveNode => {
    const line = new MemoryLine(server, systemClock);
    const manager = new ShardManager({
      token: TOKEN,
      intents: ['Guilds', 'GuildMessages'],
      api: gateway.apiUrl,
      timing: QUICK,
      engine: line,
      node: name,
      rebalance: { maxMovesPerSecond: 50 },
      ...options.manager,
      ...own,
    });
    const faults: GatewayError[] = [];
    const released: [number, string][] = [];
    manager.on('failed', () => undefined);
    manager.on('fault', (error) => void faults.push(error));
    manager.on('released', (...args) => void released.push(args));
    manager.onDispatch('MESSAGE_CREATE', ({ id }, _, shardId) => void handled.push({ node: name, shardId, id }));
    const live = { name, manager, line, faults, released };
    nodes.push(live);
    return live;
  };

  return {
    server,
    gateway,
    handled,
    node,
    /** The process of a node ends at once: its sockets close, and the engine hears nothing. */
    kill({ manager, line }: LiveNode): void {
      line.set({ isCut: true });
      manager.forceClose();
    },
    /** Sends one message to each shard. Returns the ids. */
    sendToAll(total = 4): string[] {
      return Array.from({ length: total }, (_, shardId) => {
        sent += 1;
        gateway.dispatch('MESSAGE_CREATE', { id: `${sent}`, content: 'hello' }, { shardId });
        return `${sent}`;
      });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map(({ manager }) => manager.disconnect()));
      await gateway.close();
      expectNoViolations(gateway.complaints, options.broken ?? []);
    },
  };
}

/** The ids of the shards that a node holds, sorted. */
export const shardsOf = ({ manager }: LiveNode): number[] => [...manager.shards.keys()].toSorted((a, b) => a - b);

/** Whether all shards that a node holds are ready, and it holds so many. */
export const holds = ({ manager }: LiveNode, count: number): boolean =>
  manager.shards.size === count && [...manager.shards.values()].every(({ state }) => state === 'ready');

const EVENTS = ['claimed', 'released', 'nodeJoined', 'nodeLeft', 'stateChange', 'dispatch', 'fault'] as const;

/** Resolves when a condition holds, which is checked after each event of a node. */
export async function until(
  nodes: readonly LiveNode[],
  condition: () => boolean,
  events: readonly (keyof ManagerEvents)[] = EVENTS,
): Promise<void> {
  if (condition()) return;
  const met = Promise.withResolvers<void>();
  const check = (): void => {
    if (condition()) met.resolve();
  };
  for (const { manager } of nodes) for (const event of events) manager.on(event, check);
  await met.promise;
  for (const { manager } of nodes) for (const event of events) manager.off(event, check);
}
