/** An identify gate and a session store whose answers the test gives. */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../../src/actors/identify-gate.ts';
import type { Session } from '../../../src/session/session.ts';
import type { SessionStore } from '../../../src/session/session-store.ts';

/** What was asked, in order; an answer to a question that nobody waits for any more goes unheard. */
class Questions<Answer> {
  readonly #asked: PromiseWithResolvers<Answer>[] = [];
  #changed = Promise.withResolvers<void>();

  ask(): Promise<Answer> {
    const question = Promise.withResolvers<Answer>();
    this.#asked.push(question);
    this.#changed.resolve();
    return question.promise;
  }

  /** The `count`-th question, which may be still to come. */
  async nth(count: number): Promise<PromiseWithResolvers<Answer>> {
    for (;;) {
      const question = this.#asked[count - 1];
      if (question !== undefined) return question;
      this.#changed = Promise.withResolvers();
      await this.#changed.promise;
    }
  }
}

const PERMIT: IdentifyPermit = { sent: () => undefined, release: () => undefined };

export class GateByHand implements IdentifyGate {
  readonly questions = new Questions<IdentifyPermit>();

  acquire({ signal }: IdentifyRequest): Promise<IdentifyPermit> {
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => aborted.reject(signal.reason));
    return Promise.race([this.questions.ask(), aborted.promise]);
  }

  async grant(count: number): Promise<void> {
    (await this.questions.nth(count)).resolve(PERMIT);
  }

  async refuse(count: number): Promise<void> {
    (await this.questions.nth(count)).reject(new Error('the gate is out of order'));
  }
}

/** Keeps nothing: what it finds is what the test puts there. */
export class StoreByHand implements SessionStore {
  readonly questions = new Questions<Session | null>();

  load(): Promise<Session | null> {
    return this.questions.ask();
  }

  save(): Promise<void> {
    return Promise.resolve();
  }

  clear(): Promise<void> {
    return Promise.resolve();
  }

  async find(count: number, session: Session | null): Promise<void> {
    (await this.questions.nth(count)).resolve(session);
  }

  async fail(count: number): Promise<void> {
    (await this.questions.nth(count)).reject(new Error('no disk'));
  }
}
