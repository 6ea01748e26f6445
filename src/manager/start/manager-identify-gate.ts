/**
 * The identify gate that the shards of a manager share. The manager is notified of each IDENTIFY, and when the budget
 * is spent: that concerns all shards, so the manager reports it in place of each of them.
 */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../identify/identify-gate.ts';
import { InstrumentedIdentifyGate } from '../../identify/instrumented-identify-gate.ts';
import type { StartGuard } from '../../identify/start-guard.ts';
import type { Clock } from '../../clock.ts';

interface GateDependencies {
  readonly clock: Clock;
  readonly startGuard: StartGuard;
}

interface IdentifyCallbacks {
  onSent(shardId: number): void;
  onBudgetSpent(retryAfterMs: number): void;
  onPermitFailed(shardId: number, cause: unknown): void;
}

export class ManagerIdentifyGate extends InstrumentedIdentifyGate {
  readonly #startGuard: StartGuard;
  readonly #callbacks: IdentifyCallbacks;

  constructor(gate: IdentifyGate, { clock, startGuard }: GateDependencies, callbacks: IdentifyCallbacks) {
    super(gate, clock);
    this.#startGuard = startGuard;
    this.#callbacks = callbacks;
  }

  override async acquire({ shardId, signal }: IdentifyRequest): Promise<IdentifyPermit> {
    const request = {
      shardId,
      signal,
      onBudgetSpent: (retryAfterMs: number): void => this.#callbacks.onBudgetSpent(retryAfterMs),
      onPermitFailed: (cause: unknown): void => this.#callbacks.onPermitFailed(shardId, cause),
    };
    const permit = await this.#startGuard.pass(request, () => super.acquire(request));
    return {
      sent: () => {
        permit.sent();
        this.#callbacks.onSent(shardId);
      },
      release: () => permit.release(),
    };
  }
}
