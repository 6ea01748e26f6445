/** The manager's identify gate, as a shard in another thread sees it. */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../actors/identify-gate.ts';
import { abortedError } from '../../protocol/errors.ts';
import type { Desk } from './desk.ts';
import type { Telling } from './messages.ts';

export class FarIdentifyGate implements IdentifyGate {
  readonly #desk: Desk;
  readonly #tell: (telling: Telling) => void;

  constructor(desk: Desk, tell: (telling: Telling) => void) {
    this.#desk = desk;
    this.#tell = tell;
  }

  async acquire({ signal, onBudgetSpent }: IdentifyRequest): Promise<IdentifyPermit> {
    if (signal.aborted) throw abortedError('acquire()', signal);
    const { id, answer } = this.#desk.ask(onBudgetSpent);
    const abort = (): void => {
      this.#tell({ kind: 'permit', what: 'abort', id });
      this.#desk.withdraw(id, abortedError('acquire()', signal));
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#tell({ kind: 'ask', what: 'permit', id });
    try {
      await answer;
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return {
      sent: () => this.#tell({ kind: 'permit', what: 'sent', id }),
      release: () => this.#tell({ kind: 'permit', what: 'release', id }),
    };
  }
}
