/** What the steps of the demo do: start, stop, kill and freeze nodes, wait, and say how it went. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatCount, formatMs, formatNumber } from '../../../inspect/page/model/format.ts';
import type { FakeGateway } from '../../../testing/index.ts';
import type { OutputLog } from '../../output-log.ts';
import type { ClusterCounts } from './cluster-counts.ts';
import type { ClusterPace } from './cluster-pace.ts';
import { ClusterState } from './cluster-state.ts';
import type { NodeRow } from './cluster-state.ts';
import { clusterTable } from './cluster-table.ts';
import type { NodeConfig, NodeMessage } from './messages.ts';
import type { DemoWorld } from './world.ts';

/** Much longer than anything takes here, so reaching it means a bug. */
const STEP_TIMEOUT_MS = 60_000;

export interface ClusterDemoOptions {
  readonly world: DemoWorld;
  readonly gateway: FakeGateway;
  readonly counts: ClusterCounts;
  readonly pace: ClusterPace;
  readonly output: OutputLog;
  readonly signal: AbortSignal;
  readonly shards: number;
  readonly inspect: boolean;
}

export class ClusterDemo {
  readonly state: ClusterState;
  readonly options: ClusterDemoOptions;
  readonly #failures: string[] = [];
  #started = 0;

  constructor(options: ClusterDemoOptions) {
    this.options = options;
    this.state = new ClusterState(options.shards);
  }

  /** What did not come true in time. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Resolves when the node has joined. */
  async startNode(): Promise<NodeRow> {
    const { world, gateway, pace, shards, inspect, signal } = this.options;
    signal.throwIfAborted();
    this.#started += 1;
    const config: NodeConfig = {
      name: `node-${this.#started}`,
      api: gateway.apiUrl,
      shards,
      timing: pace.timing,
      maxMovesPerSecond: pace.maxMovesPerSecond,
      inspect,
    };
    const early: NodeMessage[] = [];
    let row: NodeRow | null = null;
    const node = await world.startNode(config, (message) => {
      if (row === null) early.push(message);
      else this.#onMessage(row, message);
    });
    row = { name: config.name, node, condition: 'starting', hasJoined: false, shards: new Map() };
    this.state.add(row);
    for (const message of early) this.#onMessage(row, message);
    const { name, hasJoined } = row;
    if (!hasJoined)
      await this.expect(`${name} joins`, () => this.state.rows.some((each) => each.name === name && each.hasJoined));
    return row;
  }

  async stopNode(row: NodeRow): Promise<void> {
    this.state.setCondition(row, 'stopping');
    await row.node.stop();
    this.state.remove(row);
  }

  async killNode(row: NodeRow): Promise<void> {
    this.state.setCondition(row, 'killed');
    await row.node.kill();
  }

  freezeNode(row: NodeRow): void {
    row.node.freeze?.();
    this.state.setCondition(row, 'frozen');
  }

  thawNode(row: NodeRow): void {
    this.state.setCondition(row, 'running');
    row.node.thaw();
  }

  /** Resolves when a condition holds; remembers that it does not in time. @throws the reason of the signal */
  async expect(what: string, condition: () => boolean): Promise<void> {
    const { signal, output } = this.options;
    const holds = await this.state.until(condition, STEP_TIMEOUT_MS, signal);
    signal.throwIfAborted();
    if (holds) return;
    this.#failures.push(what);
    output.log('failed', `within ${formatMs(STEP_TIMEOUT_MS)} this did not happen: ${what}`);
  }

  /** Lets time pass. @throws the reason of the signal */
  async rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.options.signal });
  }

  say(text: string): void {
    this.options.output.log('note', text);
  }

  showTable(): void {
    const { output } = this.options;
    for (const line of clusterTable(this.state, output.colorize)) output.line(line);
  }

  /** Runs one step: announces it, and says afterwards what became of the dispatches. */
  async step(title: string, body: () => Promise<void>): Promise<void> {
    const { output, pace, counts, gateway, signal } = this.options;
    await this.rest(pace.restMs);
    output.paragraph();
    output.log('step', title);
    const before = { ...countsOf(counts), ...startsOf(gateway), failures: this.#failures.length };
    await body();
    await this.#settle();
    const { sent } = counts.totals;
    const arrived = await counts.allDelivered(STEP_TIMEOUT_MS, signal);
    signal.throwIfAborted();
    if (!arrived) this.#failures.push(`all dispatches arrive: ${title}`);
    this.showTable();
    const { duplicates, missing } = counts.totals;
    const { identifies, resumes } = startsOf(gateway);
    const isClean =
      arrived &&
      this.#failures.length === before.failures &&
      duplicates === before.duplicates &&
      identifies === before.identifies;
    output.log(
      isClean ? 'survived' : 'failed',
      `${formatCount(sent - before.sent, 'dispatch')} sent meanwhile: ${formatNumber(missing)} lost, ` +
        `${formatNumber(duplicates - before.duplicates)} delivered twice; ` +
        `${formatCount(resumes - before.resumes, 'RESUME')}, ${formatCount(identifies - before.identifies, 'IDENTIFY', 'IDENTIFYs')}`,
    );
  }

  /** Resolves when each node has its share, and nothing has moved for a while. */
  async #settle(): Promise<void> {
    const { state, options } = this;
    let claims: number;
    do {
      await this.expect('each node has its share of the shards', () => state.isBalanced);
      ({ claims } = state);
      await this.rest(options.pace.leaseTtlMs / 2);
    } while (claims !== state.claims && this.#failures.length === 0);
  }

  #onMessage(row: NodeRow, message: NodeMessage): void {
    const { output } = this.options;
    const { name, condition } = row;
    // What it said before its end may arrive after it.
    if (condition === 'killed') return;
    if (message.kind === 'inspector') output.log('note', `the inspector of ${name} is at ${message.url}`);
    else if (message.kind === 'failed') {
      this.#failures.push(`${name}: ${message.message}`);
      output.log('failed', `${name} has failed: ${message.message}`);
    } else if (message.kind === 'fault') output.log('notice', `${name}: ${message.code}, ${message.message}`);
    this.state.receive(row, message);
  }
}

const countsOf = ({ totals: { sent, duplicates } }: ClusterCounts): { sent: number; duplicates: number } => ({
  sent,
  duplicates,
});

const startsOf = ({ stats: { identifies, resumes } }: FakeGateway): { identifies: number; resumes: number } => ({
  identifies,
  resumes,
});
