/**
 * The identify gate as one node sees it. While the engine can't be reached, requests wait, and what has become of permits
 * is reported later. An engine that was empty is given the budget again.
 */
import type { SessionStartLimit } from '../../../machines/index.ts';
import type { IdentifyBudget, IdentifyPermit } from '../../identify/identify-gate.ts';
import { abortedError } from '../../protocol/errors.ts';
import { onAbort } from '../../protocol/on-abort.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import { isUnavailable } from '../engine-errors.ts';
import type { EngineIdentifyGate, EngineIdentifyRequest } from '../ports/engine.ts';
import type { Lease } from '../ports/ownership.ts';
import type { MemoryLink } from './memory-link.ts';
import type { MemoryServer } from './memory-server.ts';
import type { IdentifyTicket, SharedIdentifyGate } from './shared-identify-gate.ts';

/** How long a request waits before it asks again, in ms. */
const RETRY_MS = 1_000;

/** What this node knew last of the budget. */
interface KnownLimit {
  /** The gate that knows it too. */
  readonly gate: SharedIdentifyGate;
  readonly limit: SessionStartLimit;
  readonly reserve: number;
  readonly resetAt: number;
}

export class LinkedIdentifyGate implements EngineIdentifyGate {
  readonly #server: MemoryServer;
  readonly #link: MemoryLink;
  #known: KnownLimit | null = null;

  constructor(server: MemoryServer, link: MemoryLink) {
    this.#server = server;
    this.#link = link;
  }

  get waiting(): number {
    return this.#server.gate.waiting;
  }

  get budget(): IdentifyBudget | null {
    return this.#server.gate.budget;
  }

  get spacingMs(): number {
    return this.#server.gate.spacingMs;
  }

  async update(limit: SessionStartLimit, reserve: number): Promise<void> {
    await this.#link.call(() => {
      const { gate } = this.#server;
      gate.update(limit, reserve);
      this.#know(gate, limit, reserve);
    });
  }

  async acquire({ shardId, signal, onBudgetSpent, lease }: EngineIdentifyRequest): Promise<IdentifyPermit> {
    let isNotified = false;
    const notify = (retryAfterMs: number): void => {
      if (isNotified) return;
      isNotified = true;
      onBudgetSpent?.(retryAfterMs);
    };
    for (;;) {
      if (signal.aborted) throw abortedError('waiting for the identify gate', signal);
      await this.#link.whenReachable(signal);
      const ticket = await this.#attempt({
        shardId,
        signal,
        onBudgetSpent: notify,
        ...(lease === undefined ? {} : { lease }),
      });
      if (ticket !== null) return this.#permit(ticket);
      await this.#pause(signal);
    }
  }

  /** Resolves with `null` if the engine was lost meanwhile, or the permit. What it granted then expires. */
  async #attempt({ lease, ...request }: EngineIdentifyRequest): Promise<IdentifyTicket | null> {
    try {
      const gate = await this.#link.call(() => this.#informedGate());
      const ticket = await this.#link.longCall(request.signal, (signal) => gate.acquire({ ...request, signal }));
      return (await this.#confirm(gate, ticket, lease)) ? ticket : null;
    } catch (error) {
      if (isUnavailable(error)) return null;
      throw error;
    }
  }

  /** The grant may be old: the process did not run since, or the answer came late. A lost lease makes it worthless. */
  async #confirm(gate: SharedIdentifyGate, ticket: IdentifyTicket, lease: Lease | undefined): Promise<boolean> {
    const { ownership, store } = this.#server;
    const askedAt = store.clock.now();
    try {
      const isHeld = await this.#link.call(() => {
        this.#remember(gate);
        const isForgotten = lease !== undefined && ownership.isForgotten(lease);
        return !isForgotten && gate === this.#server.gate && gate.confirm(ticket);
      });
      if (isHeld && store.clock.now() - askedAt <= gate.spacingMs - gate.marginMs) return true;
    } catch (error) {
      void this.#settle(() => gate.release(ticket));
      throw error;
    }
    void this.#settle(() => gate.release(ticket));
    return false;
  }

  #permit(ticket: IdentifyTicket): IdentifyPermit {
    return {
      sent: () => void this.#settle(() => this.#server.gate.sent(ticket)),
      release: () => void this.#settle(() => this.#server.gate.release(ticket)),
    };
  }

  /** Without an engine for a while, the permit expires. */
  async #settle(effect: () => void): Promise<void> {
    try {
      await this.#link.call(effect).catch(async () => {
        await this.#link.whenReachable();
        await this.#link.call(effect);
      });
    } catch {
      // The connection was closed, or lost again.
    }
  }

  /** The gate of an engine that was empty learns from each node what the node knew last. The lowest budget wins. */
  #informedGate(): SharedIdentifyGate {
    const { gate } = this.#server;
    if (this.#known !== null && gate !== this.#known.gate) {
      const { limit, reserve, resetAt } = this.#known;
      const resetAfterMs = Math.max(0, resetAt - this.#server.store.clock.now());
      gate.update({ ...limit, resetAfterMs }, reserve);
    }
    this.#remember(gate);
    return gate;
  }

  #remember(gate: SharedIdentifyGate): void {
    const { budget } = gate;
    if (this.#known !== null && budget !== null)
      this.#know(gate, { ...this.#known.limit, ...budget }, this.#known.reserve);
  }

  #know(gate: SharedIdentifyGate, limit: SessionStartLimit, reserve: number): void {
    this.#known = { gate, limit, reserve, resetAt: this.#server.store.clock.now() + limit.resetAfterMs };
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    const stopListening = onAbort(signal, aborted.resolve);
    await waitAtMost(this.#server.store.clock, RETRY_MS, aborted.promise);
    stopListening();
  }
}
