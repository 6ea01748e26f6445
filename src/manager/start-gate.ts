/**
 * The identify gate as the shards of a manager see it: the same for all of them, and the manager hears who has passed.
 * That the budget is spent concerns all shards, so it is told once, and not by each.
 */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../actors/identify-gate.ts';

interface Listener {
  onSent(shardId: number): void;
  onBudgetSpent(retryAfterMs: number): void;
}

export class StartGate implements IdentifyGate {
  readonly #gate: IdentifyGate;
  readonly #listener: Listener;

  constructor(gate: IdentifyGate, listener: Listener) {
    this.#gate = gate;
    this.#listener = listener;
  }

  async acquire({ shardId, signal }: IdentifyRequest): Promise<IdentifyPermit> {
    const permit = await this.#gate.acquire({ shardId, signal, onBudgetSpent: (ms) => this.#listener.onBudgetSpent(ms) });
    return {
      sent: () => {
        permit.sent();
        this.#listener.onSent(shardId);
      },
      release: () => permit.release(),
    };
  }
}
