/** The manager's identify gate, as a shard in another thread sees it. */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../../identify/identify-gate.ts';
import { abortedError } from '../../../protocol/errors.ts';
import type { PendingRequests } from './pending-requests.ts';
import type { ShardMessage } from '../wire/messages.ts';

export class IdentifyGateProxy implements IdentifyGate {
  readonly #requests: PendingRequests;
  readonly #send: (message: ShardMessage) => void;

  constructor(requests: PendingRequests, send: (message: ShardMessage) => void) {
    this.#requests = requests;
    this.#send = send;
  }

  async acquire({ signal, onBudgetSpent }: IdentifyRequest): Promise<IdentifyPermit> {
    if (signal.aborted) throw abortedError('acquire()', signal);
    const { id, response } = this.#requests.create(onBudgetSpent);
    const abort = (): void => {
      this.#send({ kind: 'permit', what: 'abort', id });
      this.#requests.cancel(id, abortedError('acquire()', signal));
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#send({ kind: 'request', what: 'permit', id });
    try {
      await response;
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return {
      sent: () => this.#send({ kind: 'permit', what: 'sent', id }),
      release: () => this.#send({ kind: 'permit', what: 'release', id }),
    };
  }
}
