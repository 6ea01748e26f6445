/** Asks the engine for the plan of the bot. Of answers that overtake each other the later question counts. */
import type { ClusterPlan, EngineConnection } from '../ports/engine.ts';
import type { Generation } from './generation.ts';

export class PlanReader {
  readonly #connection: EngineConnection;
  readonly #onPlan: (plan: ClusterPlan) => void;
  #asked = 0;
  #known = 0;

  constructor(connection: EngineConnection, onPlan: (plan: ClusterPlan) => void) {
    this.#connection = connection;
    this.#onPlan = onPlan;
  }

  /** Tells an engine that has forgotten everything what is in service here. */
  agree({ total, number: generation }: Generation): Promise<void> {
    return this.#ask(() => this.#connection.agree(generation === 0 ? { total } : { total, generation }));
  }

  read(): Promise<void> {
    return this.#ask(() => this.#connection.plan());
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
    if (plan === null || asked < this.#known) return;
    this.#known = asked;
    this.#onPlan(plan);
  }
}
