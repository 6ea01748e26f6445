/** What the demo comes to in the end, and whether that is as it must be. */
import type { Complaint, FakeGatewayStats } from '../../testing/index.ts';
import type { DeliveryCounts } from './delivery-counter.ts';
import type { Recovery } from './recovery.ts';

/** A kind of fault, over all rounds. */
export interface FaultRow {
  readonly name: string;
  times: number;
  /** Numbered dispatches of its slots. */
  dispatches: number;
  replayed: number;
  /** The longest. */
  noticedMs: number;
  /** The longest. */
  backMs: number;
  outcomes: Set<Recovery['outcome']>;
  unexpected: number;
}

/** What a strict gateway says about its clients. */
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
  /** Dispatches that will not come any more. */
  lost = 0;
  /** Dispatches in the kept session when the demo was interrupted: a resume would bring them. */
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

  /** Closes the book. What is on its way when interrupted stays in the session, and is not lost. */
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

  /** What the gateway and its oracle say the shard did against the documentation. */
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
