/** The world of one cluster run: clock, engine, gateway, and the nodes that begin and end in it. */
import { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
import type { MemorySnapshot } from '../../src/cluster/memory/memory-server.ts';
import type { Engine } from '../../src/index.ts';
import { randomFor } from '../../src/testing/seeded-random.ts';
import { SimClock } from '../sim-clock.ts';
import { ClusterGateway, MAIN_URL } from './cluster-gateway.ts';
import { ClusterGenerations } from './cluster-generations.ts';
import { ClusterGuilds } from './cluster-guilds.ts';
import { ClusterLog } from './cluster-log.ts';
import type { ClusterSetting } from './cluster-setting.ts';
import { observeServer } from './observed-server.ts';
import { NodeProcess } from './node-process.ts';
import type { ReshardCall } from './node-process.ts';

const START_AT = Date.UTC(2026, 0, 1);
const LATENESS = { earlyMs: 0, usualMs: 1, worstMs: 5 };
const DAY_MS = 86_400_000;

/** Lets a test break the cluster on purpose. */
export interface ClusterSabotage {
  /** Replaces the engine of each node. */
  readonly engine?: (engine: Engine) => Engine;
  /** Changes the server before the first node begins. */
  readonly server?: (server: MemoryServer, world: ClusterWorld) => void;
}

export class ClusterWorld {
  readonly setting: ClusterSetting;
  readonly sabotage: ClusterSabotage;
  readonly clock: SimClock;
  readonly log = new ClusterLog();
  readonly server: MemoryServer;
  readonly gateway: ClusterGateway;
  readonly generations: ClusterGenerations;
  readonly nodes: NodeProcess[] = [];
  /** Every call of `reshard()`. */
  readonly reshardCalls: ReshardCall[] = [];
  /** How often all faults have ended. */
  heals = 0;

  constructor(setting: ClusterSetting, sabotage: ClusterSabotage = {}) {
    this.setting = setting;
    this.sabotage = sabotage;
    this.clock = new SimClock(randomFor(setting.seed, 'clock'), LATENESS, START_AT);
    this.server = new MemoryServer({ leaseTtlMs: setting.leaseTtlMs, clock: this.clock });
    this.generations = new ClusterGenerations(this.server, this.clock, this.log, setting);
    this.gateway = new ClusterGateway(this.clock, setting, this.log, this.generations);
    if (setting.reshards) this.gateway.guilds = new ClusterGuilds(this);
    sabotage.server?.(this.server, this);
    observeServer(this);
  }

  /** The processes that run, frozen ones too. */
  get running(): NodeProcess[] {
    return this.nodes.filter(({ hasEnded }) => !hasEnded);
  }

  /** Whether the engine runs, and every process can reach it. */
  get isCalm(): boolean {
    return this.server.isRunning && this.running.every(({ clock, isLineGood }) => !clock.isFrozen && isLineGood);
  }

  startNode(): NodeProcess {
    const node = new NodeProcess(this, this.nodes.length + 1);
    this.nodes.push(node);
    this.log.record('happened', { name: 'start', what: node.name });
    return node;
  }

  /** Ends a process at once. */
  kill(node: NodeProcess): void {
    if (node.hasEnded) return;
    node.kill();
    this.log.record('happened', { name: 'kill', what: node.name });
  }

  /** Lets a node hand its shards over, and ends it then. */
  leave(node: NodeProcess): void {
    if (node.hasEnded || node.isLeaving) return;
    node.isLeaving = true;
    this.log.record('happened', { name: 'leave', what: node.name });
    const end = (): void => {
      this.log.record('happened', { name: 'left', what: node.name });
      node.kill();
    };
    // A frozen process hears of it when it goes on.
    node.clock.arrive(() => void node.manager.disconnect().then(end, end));
  }

  /** `GET /gateway/bot`. */
  answerApi(proc: NodeProcess): Promise<Response> {
    const { maxConcurrency, sessionStarts, shards, reshards } = this.setting;
    // Large clusters that lose much may start more sessions than Discord allows, for that is not what they are to show.
    const used = reshards ? this.gateway.sessions.size : 0;
    const limit = {
      total: sessionStarts,
      remaining: Math.max(0, sessionStarts - used),
      reset_after: DAY_MS,
      max_concurrency: maxConcurrency,
    };
    const body = { url: MAIN_URL, shards, session_start_limit: limit };
    // The parts of a `Response` that the manager reads. A real one takes turns of the event loop, outside virtual time.
    const answer = { status: 200, headers: new Headers(), text: () => Promise.resolve(JSON.stringify(body)) };
    return new Promise((resolve) => {
      this.gateway.travel(() => proc.clock.arrive(() => resolve(answer as unknown as Response)));
    });
  }

  /** The engine starts again with an older state, or with none. */
  forget(snapshot: MemorySnapshot | null): void {
    if (snapshot === null) this.server.empty();
    else this.server.restore(snapshot);
  }

  /** The calls of `reshard()` that wait, in processes that run. */
  get openCalls(): ReshardCall[] {
    return this.reshardCalls.filter(({ proc, outcome }) => outcome === null && !proc.hasEnded);
  }

  /** Whether each shard of one generation is ready on one node, and the nodes share them evenly. */
  get isWell(): boolean {
    const { current, next } = this.generations;
    const counts = this.running.map(({ readyShards }) => readyShards.length);
    return (
      next === null &&
      this.running.every(({ manager }) => manager.total === current.total) &&
      counts.reduce((sum, count) => sum + count, 0) === current.total &&
      Math.max(...counts) - Math.min(...counts) <= 1
    );
  }

  /** Ends all faults, and starts the nodes that are missing. */
  heal(): void {
    this.heals += 1;
    this.server.start();
    for (const node of this.running) node.setGoodLine();
    const staying = this.running.filter(({ isLeaving }) => !isLeaving).length;
    for (let count = staying; count < this.setting.nodes; count += 1) this.startNode();
    this.log.record('happened', { name: 'heal', what: 'all faults end' });
  }
}
