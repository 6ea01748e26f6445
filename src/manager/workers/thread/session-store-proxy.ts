/** Stands for the manager's session store in a worker thread: the store itself is asked by message. */
import type { Session } from '../../../session/session.ts';
import type { SessionStore } from '../../../session/session-store.ts';
import type { PendingRequests } from './pending-requests.ts';
import type { ShardMessage } from '../wire/messages.ts';

export class SessionStoreProxy implements SessionStore {
  readonly #requests: PendingRequests;
  readonly #send: (message: ShardMessage) => void;

  constructor(requests: PendingRequests, send: (message: ShardMessage) => void) {
    this.#requests = requests;
    this.#send = send;
  }

  load(): Promise<Session | null> {
    const { id, response } = this.#requests.create();
    this.#send({ kind: 'request', what: 'session', id });
    return response;
  }

  /** Resolves at once. The message follows the dispatches that the session covers; the manager reports errors. */
  async save(session: Session): Promise<void> {
    this.#send({ kind: 'save', session });
  }

  async clear(): Promise<void> {
    this.#send({ kind: 'clear' });
  }
}
