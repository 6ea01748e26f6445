/** The requests of a worker thread to the manager's thread, until they are answered. */
import type { Session } from '../../../session/session.ts';
import { deserializeError } from '../wire/serialized-error.ts';
import type { ToThread } from '../wire/messages.ts';

interface PendingRequest {
  readonly resolve: (session: Session | null) => void;
  readonly reject: (error: Error) => void;
  readonly onBudgetSpent: ((retryAfterMs: number) => void) | undefined;
}

type ResponseMessage = Extract<ToThread, { type: 'response' }>;
type BudgetSpentMessage = Extract<ToThread, { type: 'budgetSpent' }>;

export class PendingRequests {
  readonly #requests = new Map<number, PendingRequest>();
  #lastId = 0;

  /** Creates a request. Its response resolves with a session, or with `null` for a permit. */
  create(onBudgetSpent?: (retryAfterMs: number) => void): {
    readonly id: number;
    readonly response: Promise<Session | null>;
  } {
    this.#lastId += 1;
    const id = this.#lastId;
    const response = new Promise<Session | null>((resolve, reject) =>
      this.#requests.set(id, { resolve, reject, onBudgetSpent }),
    );
    return { id, response };
  }

  /** Rejects a request whose answer is no longer needed. */
  cancel(id: number, error: Error): void {
    this.#remove(id)?.reject(error);
  }

  settle({ id, session, error }: ResponseMessage): void {
    const request = this.#remove(id);
    if (error === null) request?.resolve(JSON.parse(session) as Session | null);
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
