/** Collects the results of the demo, and decides whether the run was clean. */
import type { Complaint, FakeGatewayStats } from '../../testing/index.ts';
import type { DeliveryCounts } from './delivery-counter.ts';
import type { Recovery } from './recovery.ts';

/** The results of one fault, over all rounds. */
export interface FaultRow {
  readonly name: string;
  times: number;
  /** The dispatches with a serial that were sent around the fault. */
  dispatches: number;
  replayed: number;
  /** The max over all recoveries. */
  noticedMs: number;
  /** The max over all recoveries. */
  backMs: number;
  outcomes: Set<Recovery['outcome']>;
  unexpected: number;
}

/** What the strict gateway reports about its clients. */
interface GatewayFindings {
  readonly stats: FakeGatewayStats;
  readonly complaints: readonly Complaint[];
}

export class DemoStats {
  readonly #counts: DeliveryCounts;
  readonly #gateway: GatewayFindings;
  readonly #rows = new Map<string, FaultRow>();
  readonly #startedAt = performance.now();
  sessions = 0;
  resumes = 0;
  replayed = 0;
  /** Dispatches that did not arrive, and that no resume would bring. */
  lost = 0;
  /** Dispatches that were on their way at an interrupt. The session keeps them for a resume. */
  kept = 0;
  durationMs = 0;

  constructor(counts: DeliveryCounts, gateway: GatewayFindings) {
    this.#counts = counts;
    this.#gateway = gateway;
  }

  recordSessionStart(): void {
    this.sessions += 1;
  }

  recordResume(replayed: number): void {
    this.resumes += 1;
    this.replayed += replayed;
  }

  recordRecovery({ fault, outcome, noticedMs, backMs, replayed }: Recovery, dispatches: number): void {
    const row = this.#rows.get(fault.name) ?? newRow(fault.name);
    this.#rows.set(fault.name, row);
    row.times += 1;
    row.dispatches += dispatches;
    row.replayed += replayed;
    row.noticedMs = Math.max(row.noticedMs, noticedMs);
    row.backMs = Math.max(row.backMs, backMs);
    row.outcomes.add(outcome);
    if (outcome !== fault.expected) row.unexpected += 1;
  }

  /** Computes the totals at the end. After an interrupt, dispatches on their way count as kept, not as lost. */
  freeze(interrupted: boolean): void {
    const { missing, outstanding } = this.#counts;
    this.kept = interrupted ? outstanding : 0;
    this.lost = missing + outstanding - this.kept;
    this.durationMs = performance.now() - this.#startedAt;
  }

  get rows(): readonly FaultRow[] {
    return [...this.#rows.values()];
  }

  get counts(): DeliveryCounts {
    return this.#counts;
  }

  /** The rules that the shard broke, as the gateway and its oracle report them. */
  get violations(): readonly string[] {
    return [...this.#gateway.stats.violations, ...this.#gateway.complaints].map(({ what }) => what);
  }

  get unexpected(): number {
    return this.rows.reduce((sum, { unexpected }) => sum + unexpected, 0);
  }

  get isClean(): boolean {
    const { duplicates, outOfOrder } = this.#counts;
    return this.lost + duplicates + outOfOrder + this.unexpected + this.violations.length === 0;
  }
}

const newRow = (name: string): FaultRow => ({
  name,
  times: 0,
  dispatches: 0,
  replayed: 0,
  noticedMs: 0,
  backMs: 0,
  outcomes: new Set(),
  unexpected: 0,
});
