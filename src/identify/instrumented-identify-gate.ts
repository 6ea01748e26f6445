/**
 * An identify gate of any kind, with what happens at it told on `shardwright:identify`. Everybody who hands a gate on
 * may wrap it: it is told once.
 */
import type { Clock } from '../clock.ts';
import { identifyChannel } from '../protocol/telemetry.ts';
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from './identify-gate.ts';

export class InstrumentedIdentifyGate implements IdentifyGate {
  /** As it was given: it may tell of itself. */
  readonly inner: IdentifyGate;
  readonly #clock: Clock;

  constructor(inner: IdentifyGate, clock: Clock) {
    this.inner = inner;
    this.#clock = clock;
  }

  static wrap(gate: IdentifyGate, clock: Clock): InstrumentedIdentifyGate {
    return gate instanceof InstrumentedIdentifyGate ? gate : new InstrumentedIdentifyGate(gate, clock);
  }

  async acquire(request: IdentifyRequest): Promise<IdentifyPermit> {
    const { shardId, signal } = request;
    const requestedAt = this.#clock.now();
    const waitMs = (): number => this.#clock.now() - requestedAt;
    const onBudgetSpent = (retryAfterMs: number): void => {
      if (identifyChannel.hasSubscribers) identifyChannel.publish({ event: 'budgetSpent', shardId, retryAfterMs });
      request.onBudgetSpent?.(retryAfterMs);
    };
    try {
      const permit = await this.inner.acquire({ shardId, signal, onBudgetSpent });
      if (identifyChannel.hasSubscribers) identifyChannel.publish({ event: 'granted', shardId, waitMs: waitMs() });
      return this.#instrument(permit, shardId, waitMs);
    } catch (cause) {
      if (identifyChannel.hasSubscribers) identifyChannel.publish({ event: 'abandoned', shardId, waitMs: waitMs() });
      throw cause;
    }
  }

  #instrument(permit: IdentifyPermit, shardId: number, waitMs: () => number): IdentifyPermit {
    let isOutstanding = true;
    const end = (): boolean => {
      const wasOutstanding = isOutstanding;
      isOutstanding = false;
      return wasOutstanding && identifyChannel.hasSubscribers;
    };
    return {
      sent: () => {
        permit.sent();
        if (end())
          identifyChannel.publish({
            event: 'sent',
            shardId,
            waitMs: waitMs(),
            remainingStarts: remainingStartsOf(this.inner),
          });
      },
      release: () => {
        permit.release();
        if (end()) identifyChannel.publish({ event: 'released', shardId });
      },
    };
  }
}

/** Of a gate that tells of its budget, as `MemoryIdentifyGate` does. */
function remainingStartsOf(gate: object): number | null {
  const budget: unknown = 'budget' in gate ? gate.budget : null;
  const remaining: unknown =
    typeof budget === 'object' && budget !== null && 'remaining' in budget ? budget.remaining : null;
  return typeof remaining === 'number' ? remaining : null;
}
