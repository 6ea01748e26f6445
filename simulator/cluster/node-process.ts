/** One process of the cluster world: a manager that is a node, on a clock and a line to the engine of its own. */
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import type { LineConditions } from '../../src/cluster/memory/memory-link.ts';
import { GatewayError, ShardManager } from '../../src/index.ts';
import type { Dispatch } from '../../src/index.ts';
import { randomFor } from '../../src/testing/seeded-random.ts';
import { TOKEN } from '../simulated-process.ts';
import type { ClusterWorld } from './cluster-world.ts';
import { taggedIn } from './cluster-gateway.ts';
import { NodeClock } from './node-clock.ts';

/** The outcome of a call of `reshard()` that resolved. */
export const RESHARDED = 'resharded';

/** A call of `reshard()`. */
export interface ReshardCall {
  readonly proc: NodeProcess;
  readonly total: number;
  /** The code of the error, or what else it rejected with; `null` while it waits. */
  outcome: string | null;
}

export class NodeProcess {
  readonly name: string;
  readonly clock: NodeClock;
  readonly line: MemoryLine;
  readonly manager: ShardManager;
  hasEnded = false;
  /** Whether it hands its shards over, to end then. */
  isLeaving = false;
  readonly #world: ClusterWorld;
  /** Since when the way to the engine is good; `null` while it is not. */
  #goodSince: number | null;

  constructor(world: ClusterWorld, number: number) {
    const { setting, clock, server, gateway } = world;
    this.#world = world;
    this.#goodSince = clock.now();
    this.name = `node-${number}`;
    this.clock = new NodeClock(clock);
    this.line = new MemoryLine(server, this.clock);
    this.line.set(this.#latency);
    this.manager = new ShardManager({
      token: TOKEN,
      intents: ['Guilds', 'GuildMessages'],
      shards: 'auto',
      engine: world.sabotage.engine?.(this.line) ?? this.line,
      node: this.name,
      publish: setting.publish,
      api: 'https://api.sim/v10',
      fetch: () => world.answerApi(this),
      compression: 'none',
      createSocket: (url) => gateway.connect(this, url),
      clock: this.clock,
      random: randomFor(setting.seed, this.name).next,
    });
    this.manager.on('failed', (error) => world.log.record('fault', { proc: this, error }));
    this.manager.on('fault', (error) => world.log.record('fault', { proc: this, error }));
    this.manager.on('dispatch', (dispatch, shardId) => this.#onDispatch(dispatch, shardId));
    this.manager.connect().catch(() => undefined);
  }

  /** Since when it takes part: nothing keeps it from holding shards. `null` if something does. */
  get wellSince(): number | null {
    if (this.hasEnded || this.isLeaving || this.clock.isFrozen || this.#goodSince === null) return null;
    return Math.max(this.#goodSince, this.clock.frozenUntil);
  }

  /** The ids of its shards in service that are ready. */
  get readyShards(): number[] {
    return [...this.manager.shards.values()].filter(({ state }) => state === 'ready').map(({ shardId }) => shardId);
  }

  /** Asks for another shard count. */
  reshard(total: number): void {
    const { log, reshardCalls } = this.#world;
    const call: ReshardCall = { proc: this, total, outcome: null };
    reshardCalls.push(call);
    const settle = (outcome: string): void => {
      call.outcome = outcome;
      log.record('reshard.settled', { call });
    };
    this.manager.reshard(total).then(
      () => settle(RESHARDED),
      (error: unknown) => settle(error instanceof GatewayError ? error.code : String(error)),
    );
  }

  get isLineGood(): boolean {
    return this.#goodSince !== null;
  }

  setGoodLine(): void {
    // What disturbed the line of a process that has ended meanwhile is over too late.
    if (this.hasEnded) return;
    this.line.set({ isCut: false, losesAnswers: false, ...this.#latency });
    this.#goodSince ??= this.#world.clock.now();
  }

  /** Changes the line for the worse. */
  setLine(conditions: Partial<LineConditions>): void {
    this.#goodSince = null;
    this.line.set(conditions);
  }

  get #latency(): Pick<LineConditions, 'requestDelayMs' | 'answerDelayMs'> {
    const { engineLatencyMs } = this.#world.setting;
    return { requestDelayMs: engineLatencyMs, answerDelayMs: engineLatencyMs };
  }

  /** Ends at once, as with `kill -9`. */
  kill(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.clock.end();
    this.line.set({ isCut: true });
    for (const socket of this.#world.gateway.sockets) if (socket.proc === this) socket.drop();
  }

  #onDispatch({ d, s }: Dispatch, shardId: number): void {
    const { guilds } = this.#world.gateway;
    const found = guilds === null ? taggedIn(d) : guilds.find(d, { shardId, sequence: s, total: this.manager.total });
    if (found !== null) this.#world.log.record('dispatched', { proc: this, shardId, ...found });
  }
}
