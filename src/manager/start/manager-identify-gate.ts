/**
 * The identify gate that the shards of a manager share. The manager is notified of each IDENTIFY, and when the budget
 * is spent: that concerns all shards, so the manager reports it in place of each of them.
 */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../identify/identify-gate.ts';
import { InstrumentedIdentifyGate } from '../../identify/instrumented-identify-gate.ts';
import type { Clock } from '../../clock.ts';

interface IdentifyCallbacks {
  onSent(shardId: number): void;
  onBudgetSpent(retryAfterMs: number): void;
  onPermitFailed(shardId: number, cause: unknown): void;
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
      onPermitFailed: (cause) => this.#callbacks.onPermitFailed(shardId, cause),
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
