/** What a shard in another thread has to do with the identify gate, which is here. */
import type { IdentifyGate, IdentifyPermit } from '../../actors/identify-gate.ts';

interface Host {
  readonly shardId: number;
  readonly gate: IdentifyGate;
  /** Says whether the request was granted. */
  answer(id: number, error: unknown): void;
  budgetSpent(id: number, retryAfterMs: number): void;
}

interface Request {
  readonly abort: AbortController;
  permit: IdentifyPermit | null;
}

export class Permits {
  readonly #host: Host;
  readonly #requests = new Map<number, Request>();

  constructor(host: Host) {
    this.#host = host;
  }

  ask(id: number): void {
    const request: Request = { abort: new AbortController(), permit: null };
    this.#requests.set(id, request);
    void this.#acquire(id, request);
  }

  sent(id: number): void {
    this.#take(id)?.permit?.sent();
  }

  release(id: number): void {
    this.#take(id)?.permit?.release();
  }

  abort(id: number): void {
    const request = this.#take(id);
    request?.abort.abort();
    request?.permit?.release();
  }

  /**
   * The shard will say no more. What it was granted may have been used: Discord's limit is not to be overrun, so it
   * counts as used.
   */
  close(): void {
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    for (const { abort, permit } of requests) {
      if (permit === null) abort.abort();
      else permit.sent();
    }
  }

  async #acquire(id: number, request: Request): Promise<void> {
    const { gate, shardId } = this.#host;
    const { signal } = request.abort;
    try {
      const onBudgetSpent = (retryAfterMs: number): void => this.#host.budgetSpent(id, retryAfterMs);
      const permit = await gate.acquire({ shardId, signal, onBudgetSpent });
      if (this.#requests.get(id) !== request) return permit.release();
      request.permit = permit;
      this.#host.answer(id, null);
    } catch (error) {
      if (this.#requests.get(id) !== request) return;
      this.#requests.delete(id);
      this.#host.answer(id, error);
    }
  }

  #take(id: number): Request | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }
}
