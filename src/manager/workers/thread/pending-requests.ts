/** The requests of a worker thread to the manager's thread, until they are answered. */
import type { Session } from '../../../session/session.ts';
import { deserializeError } from '../wire/serialized-error.ts';
import type { ToThread } from '../wire/messages.ts';

/** A session or a snapshot, or `null` for a permit. */
type Answer = Session | Uint8Array | null;

interface PendingRequest {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly onBudgetSpent: ((retryAfterMs: number) => void) | undefined;
}

type ResponseMessage = Extract<ToThread, { type: 'response' }>;
type BudgetSpentMessage = Extract<ToThread, { type: 'budgetSpent' }>;

export class PendingRequests {
  readonly #requests = new Map<number, PendingRequest>();
  #lastId = 0;

  /** Creates a request. Its response resolves with what was asked for. */
  create(onBudgetSpent?: (retryAfterMs: number) => void): {
    readonly id: number;
    readonly response: Promise<Answer>;
  } {
    this.#lastId += 1;
    const id = this.#lastId;
    const response = new Promise<Answer>((resolve, reject) =>
      this.#requests.set(id, { resolve, reject, onBudgetSpent }),
    );
    return { id, response };
  }

  /** Rejects a request whose answer is no longer needed. */
  cancel(id: number, error: Error): void {
    this.#remove(id)?.reject(error);
  }

  settle({ id, session, snapshot, error }: ResponseMessage): void {
    const request = this.#remove(id);
    if (error === null) request?.resolve(snapshot ?? (JSON.parse(session) as Session | null));
    else request?.reject(deserializeError(error));
  }

  notifyBudgetSpent({ id, retryAfterMs }: BudgetSpentMessage): void {
    this.#requests.get(id)?.onBudgetSpent?.(retryAfterMs);
  }

  #remove(id: number): PendingRequest | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }
}
