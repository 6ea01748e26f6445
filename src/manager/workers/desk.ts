/** What a thread has asked the manager's for, until it is answered. */
import type { Session } from '../../session/session.ts';
import { unpackError } from './packed-error.ts';
import type { ToThread } from './messages.ts';

interface Question {
  readonly resolve: (session: Session | null) => void;
  readonly reject: (error: Error) => void;
  readonly onBudgetSpent: ((retryAfterMs: number) => void) | undefined;
}

type Answer = Extract<ToThread, { type: 'answer' }>;
type BudgetSpent = Extract<ToThread, { type: 'budgetSpent' }>;

export class Desk {
  readonly #questions = new Map<number, Question>();
  #count = 0;

  /** Settles with the answer; only one about a session has anything in it. */
  ask(onBudgetSpent?: (retryAfterMs: number) => void): { readonly id: number; readonly answer: Promise<Session | null> } {
    this.#count += 1;
    const id = this.#count;
    const answer = new Promise<Session | null>((resolve, reject) => this.#questions.set(id, { resolve, reject, onBudgetSpent }));
    return { id, answer };
  }

  /** The answer is of no interest any more. */
  withdraw(id: number, error: Error): void {
    this.#take(id)?.reject(error);
  }

  answer({ id, session, error }: Answer): void {
    const question = this.#take(id);
    if (error === null) question?.resolve(session);
    else question?.reject(unpackError(error));
  }

  budgetSpent({ id, retryAfterMs }: BudgetSpent): void {
    this.#questions.get(id)?.onBudgetSpent?.(retryAfterMs);
  }

  #take(id: number): Question | undefined {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    return question;
  }
}
