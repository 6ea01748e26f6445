/**
 * The identify gate as the shards of a manager see it: the same for all of them, and the manager hears who has passed.
 * That the budget is spent concerns all shards, so it is told once, and not by each.
 */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../identify/identify-gate.ts';
import { InstrumentedIdentifyGate } from '../../identify/instrumented-identify-gate.ts';
import type { Clock } from '../../clock.ts';

interface IdentifyCallbacks {
  onSent(shardId: number): void;
  onBudgetSpent(retryAfterMs: number): void;
}

export class ManagerIdentifyGate extends InstrumentedIdentifyGate {
  readonly #callbacks: IdentifyCallbacks;

  constructor(gate: IdentifyGate, clock: Clock, callbacks: IdentifyCallbacks) {
    super(gate, clock);
    this.#callbacks = callbacks;
  }

  override async acquire({ shardId, signal }: IdentifyRequest): Promise<IdentifyPermit> {
    const permit = await super.acquire({
      shardId,
      signal,
      onBudgetSpent: (retryAfterMs) => this.#callbacks.onBudgetSpent(retryAfterMs),
    });
    return {
      sent: () => {
        permit.sent();
        this.#callbacks.onSent(shardId);
      },
      release: () => permit.release(),
    };
  }
}
