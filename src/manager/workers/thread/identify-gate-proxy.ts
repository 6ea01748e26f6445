/** Stands for the manager's identify gate in a worker thread: the gate itself is asked by message. */
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../../identify/identify-gate.ts';
import { abortedError } from '../../../protocol/errors.ts';
import { onAbort } from '../../../protocol/on-abort.ts';
import type { ShardMessage } from '../wire/messages.ts';
import type { PendingRequests } from './pending-requests.ts';

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
    const removeListener = onAbort(signal, () => {
      this.#send({ kind: 'permit', what: 'abort', id });
      this.#requests.cancel(id, abortedError('acquire()', signal));
    });
    this.#send({ kind: 'request', what: 'permit', id });
    try {
      await response;
    } finally {
      removeListener();
    }
    return {
      sent: () => this.#send({ kind: 'permit', what: 'sent', id }),
      release: () => this.#send({ kind: 'permit', what: 'release', id }),
    };
  }
}
