/**
 * Publishes what happens at any identify gate on `shardwright:identify`, and guards against gates of users that give no
 * permit, or one that throws. Both the manager and its shards wrap the gate:
 * wrapping twice has no effect, so every event is published once.
 */
import type { Clock } from '../clock.ts';
import { identifyChannel } from '../protocol/telemetry.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { GuardedIdentifyRequest, IdentifyBudget, IdentifyGate, IdentifyPermit } from './identify-gate.ts';

const isPermit = (value: unknown): value is IdentifyPermit =>
  typeof value === 'object' &&
  value !== null &&
  'sent' in value &&
  typeof value.sent === 'function' &&
  'release' in value &&
  typeof value.release === 'function';

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

  async acquire(request: GuardedIdentifyRequest): Promise<IdentifyPermit> {
    const { shardId, signal } = request;
    const requestedAt = this.#clock.now();
    const waitMs = (): number => this.#clock.now() - requestedAt;
    const onBudgetSpent = (retryAfterMs: number): void => {
      if (identifyChannel.hasSubscribers) identifyChannel.publish({ event: 'budgetSpent', shardId, retryAfterMs });
      request.onBudgetSpent?.(retryAfterMs);
    };
    try {
      const permit: unknown = await this.#inner.acquire({ shardId, signal, onBudgetSpent });
      if (!isPermit(permit))
        throw new GatewayError('IDENTIFY_REFUSED', 'the identify gate gave no permit with sent() and release()');
      if (identifyChannel.hasSubscribers) identifyChannel.publish({ event: 'granted', shardId, waitMs: waitMs() });
      return this.#instrument(permit, { ...request, waitMs });
    } catch (cause) {
      if (identifyChannel.hasSubscribers) identifyChannel.publish({ event: 'abandoned', shardId, waitMs: waitMs() });
      throw cause;
    }
  }

  /** Returns a permit that never throws: its IDENTIFY is on its way, and the shard can do nothing about it. */
  #instrument(
    permit: IdentifyPermit,
    { shardId, waitMs, onPermitFailed }: GuardedIdentifyRequest & { waitMs: () => number },
  ): IdentifyPermit {
    const settle = async (method: 'sent' | 'release'): Promise<void> => {
      try {
        const result: unknown = permit[method]();
        await result;
      } catch (cause) {
        onPermitFailed?.(cause);
      }
    };
    let isOutstanding = true;
    const end = (): boolean => {
      const wasOutstanding = isOutstanding;
      isOutstanding = false;
      return wasOutstanding && identifyChannel.hasSubscribers;
    };
    return {
      sent: () => {
        void settle('sent');
        if (!end()) return;
        const remaining = this.budget?.remaining;
        const remainingStarts = typeof remaining === 'number' ? remaining : null;
        identifyChannel.publish({ event: 'sent', shardId, waitMs: waitMs(), remainingStarts });
      },
      release: () => {
        void settle('release');
        if (end()) identifyChannel.publish({ event: 'released', shardId });
      },
    };
  }
}
