/**
 * Publishes what happens at any identify gate on `shardwright:identify`. Both the manager and its shards wrap the gate:
 * wrapping twice has no effect, so every event is published once.
 */
import type { Clock } from '../clock.ts';
import { identifyChannel } from '../protocol/telemetry.ts';
import type { IdentifyBudget, IdentifyGate, IdentifyPermit, IdentifyRequest } from './identify-gate.ts';

export class InstrumentedIdentifyGate implements IdentifyGate {
  readonly #inner: IdentifyGate;
  readonly #clock: Clock;

  constructor(inner: IdentifyGate, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  static wrap(gate: IdentifyGate, clock: Clock): InstrumentedIdentifyGate {
    return gate instanceof InstrumentedIdentifyGate ? gate : new InstrumentedIdentifyGate(gate, clock);
  }

  get waiting(): number | undefined {
    return this.#inner.waiting;
  }

  get budget(): IdentifyBudget | null | undefined {
    return this.#inner.budget;
  }

  get spacingMs(): number | undefined {
    return this.#inner.spacingMs;
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
      const permit = await this.#inner.acquire({ shardId, signal, onBudgetSpent });
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
        if (!end()) return;
        const remaining = this.budget?.remaining;
        const remainingStarts = typeof remaining === 'number' ? remaining : null;
        identifyChannel.publish({ event: 'sent', shardId, waitMs: waitMs(), remainingStarts });
      },
      release: () => {
        permit.release();
        if (end()) identifyChannel.publish({ event: 'released', shardId });
      },
    };
  }
}
