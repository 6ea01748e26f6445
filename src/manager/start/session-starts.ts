/**
 * The session starts of the bot: the identify gate that rations them, kept up to date with what Discord answers, and
 * the fault when they run out.
 */
import type { GatewayInfo } from '../../../machines/index.ts';
import type { IdentifyGate } from '../../identify/identify-gate.ts';
import { MemoryIdentifyGate } from '../../identify/memory-identify-gate.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { ResolvedManagerOptions } from '../manager-options.ts';

export class SessionStarts {
  readonly #options: ResolvedManagerOptions;
  readonly #reportFault: (error: GatewayError, shardId: null) => void;
  #ownGate: MemoryIdentifyGate | null = null;
  #sharedGate: IdentifyGate | null = null;
  #gatewayInfo: GatewayInfo | null = null;
  #spentUntil = Number.NEGATIVE_INFINITY;

  constructor(options: ResolvedManagerOptions, reportFault: (error: GatewayError, shardId: null) => void) {
    this.#options = options;
    this.#reportFault = reportFault;
  }

  /** The user's gate, or the manager's; `null` until Discord has answered what the manager's gate needs to know. */
  get gate(): IdentifyGate | null {
    return this.#options.customGate ?? this.#sharedGate ?? this.#ownGate;
  }

  /** All nodes of a cluster share this gate, and keep it up to date. */
  share(gate: IdentifyGate): void {
    this.#sharedGate = gate;
  }

  /** Takes up an answer of `GET /gateway/bot`, once: the IDENTIFYs sent since then are not in it. */
  update(info: GatewayInfo): void {
    if (info === this.#gatewayInfo) return;
    this.#gatewayInfo = info;
    const { sessionStartLimit } = info;
    const { clock, reserve, customGate } = this.#options;
    if (customGate !== null) return;
    if (this.#ownGate === null)
      this.#ownGate = new MemoryIdentifyGate({
        ...sessionStartLimit,
        clock,
        reserve: Math.min(reserve, sessionStartLimit.total - 1),
      });
    else this.#ownGate.update(sessionStartLimit);
  }

  /** Reports that the budget is spent, once until its reset: it concerns all shards, and each of them notices. */
  onBudgetSpent(retryAfterMs: number): void {
    const { clock } = this.#options;
    if (clock.now() < this.#spentUntil) return;
    this.#spentUntil = clock.now() + retryAfterMs;
    const text = `no session starts left for ${Math.ceil(retryAfterMs / 1000)} s; the shards that need one wait`;
    this.#reportFault(new GatewayError('IDENTIFY_BUDGET_SPENT', text), null);
  }
}
