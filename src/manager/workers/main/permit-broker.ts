/** Asks the identify gate on behalf of a shard in a worker thread, and keeps the permits it was granted. */
import type { IdentifyGate, IdentifyPermit } from '../../../identify/identify-gate.ts';

interface PermitBrokerOptions {
  readonly shardId: number;
  readonly gate: IdentifyGate;
  /** Answers a request: granted if `error` is `null`. */
  respond(id: number, error: unknown): void;
  notifyBudgetSpent(id: number, retryAfterMs: number): void;
}

interface PermitRequest {
  readonly abort: AbortController;
  permit: IdentifyPermit | null;
}

export class PermitBroker {
  readonly #options: PermitBrokerOptions;
  readonly #requests = new Map<number, PermitRequest>();

  constructor(options: PermitBrokerOptions) {
    this.#options = options;
  }

  request(id: number): void {
    const request: PermitRequest = { abort: new AbortController(), permit: null };
    this.#requests.set(id, request);
    void this.#acquire(id, request);
  }

  sent(id: number): void {
    this.#remove(id)?.permit?.sent();
  }

  release(id: number): void {
    this.#remove(id)?.permit?.release();
  }

  abort(id: number): void {
    const request = this.#remove(id);
    request?.abort.abort();
    request?.permit?.release();
  }

  /**
   * Ends all requests when the thread is gone. A granted permit may have been used, so it counts as used: Discord's
   * limit must not be exceeded.
   */
  close(): void {
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    for (const { abort, permit } of requests) {
      if (permit === null) abort.abort();
      else permit.sent();
    }
  }

  async #acquire(id: number, request: PermitRequest): Promise<void> {
    const { gate, shardId } = this.#options;
    const { signal } = request.abort;
    try {
      const onBudgetSpent = (retryAfterMs: number): void => this.#options.notifyBudgetSpent(id, retryAfterMs);
      const permit = await gate.acquire({ shardId, signal, onBudgetSpent });
      if (this.#requests.get(id) !== request) return permit.release();
      request.permit = permit;
      this.#options.respond(id, null);
    } catch (error) {
      if (this.#requests.get(id) !== request) return;
      this.#requests.delete(id);
      this.#options.respond(id, error);
    }
  }

  #remove(id: number): PermitRequest | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }
}
