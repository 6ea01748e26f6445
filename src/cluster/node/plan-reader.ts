/**
 * Asks the engine for the plan of the bot, and with a generation that is news here for what was delivered before it. Of
 * answers that overtake each other the later question counts.
 */
import type { ClusterPlan, EngineConnection } from '../ports/engine.ts';
import { RECORD_LEASES } from '../ports/succession.ts';
import type { Generation } from './generation.ts';
import { NO_RECORD } from './node-host.ts';
import type { HandOverRecord } from './node-host.ts';

interface PlanReaderOptions {
  readonly connection: EngineConnection;
  readonly leaseTtlMs: number;
  readonly current: () => Generation;
  /** The record is that of a generation that is news here. */
  readonly onPlan: (plan: ClusterPlan, record: HandOverRecord) => void;
}

export class PlanReader {
  readonly #options: PlanReaderOptions;
  #asked = 0;
  #known = 0;

  constructor(options: PlanReaderOptions) {
    this.#options = options;
  }

  /** Tells an engine that has forgotten everything what is in service here. */
  agree({ total, number: generation }: Generation): Promise<void> {
    return this.#ask(() => this.#options.connection.agree(generation === 0 ? { total } : { total, generation }));
  }

  read(): Promise<void> {
    return this.#ask(() => this.#options.connection.plan());
  }

  /** Asks anew: what was asked before is outdated, whenever its answer comes. */
  readAnew(): Promise<void> {
    this.#known = this.#asked + 1;
    return this.read();
  }

  async #ask(ask: () => Promise<ClusterPlan | null>): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const plan = await ask();
    if (plan === null) return;
    const { generation = 0 } = plan;
    const record = generation === this.#options.current().number ? NO_RECORD : await this.#recordOf(generation);
    if (asked < this.#known) return;
    this.#known = asked;
    this.#options.onPlan(plan, record);
  }

  async #recordOf(generation: number): Promise<HandOverRecord> {
    const { connection, leaseTtlMs } = this.#options;
    const digests = (await connection.succession?.record(generation)) ?? [];
    return { digests, lastsMs: RECORD_LEASES * leaseTtlMs };
  }
}
