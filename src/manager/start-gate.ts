/**
 * The identify gate as the shards of a manager see it: the same for all of them, and the manager hears who has passed.
 * That the budget is spent concerns all shards, so it is told once, and not by each.
 */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../actors/identify-gate.ts';
import { ToldGate } from '../actors/told-gate.ts';
import type { Clock } from '../clock.ts';

interface Listener {
  onSent(shardId: number): void;
  onBudgetSpent(retryAfterMs: number): void;
}

export class StartGate extends ToldGate {
  readonly #listener: Listener;

  constructor(gate: IdentifyGate, clock: Clock, listener: Listener) {
    super(gate, clock);
    this.#listener = listener;
  }

  override async acquire({ shardId, signal }: IdentifyRequest): Promise<IdentifyPermit> {
    const permit = await super.acquire({ shardId, signal, onBudgetSpent: (ms) => this.#listener.onBudgetSpent(ms) });
    return {
      sent: () => {
        permit.sent();
        this.#listener.onSent(shardId);
      },
      release: () => permit.release(),
    };
  }
}
