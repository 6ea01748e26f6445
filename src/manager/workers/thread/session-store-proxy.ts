/** Stands for the manager's session store in a worker thread: the store itself is asked by message. */
import type { Session } from '../../../session/session.ts';
import { RECORD_CHANGE } from '../../../session/snapshot/snapshot-store.ts';
import type { SnapshotRecorder } from '../../../session/snapshot/snapshot-store.ts';
import type { PendingRequests } from './pending-requests.ts';
import type { ShardMessage } from '../wire/messages.ts';

export interface SessionStoreProxyOptions {
  readonly requests: PendingRequests;
  readonly send: (message: ShardMessage) => void;
  /** Sends a frame of the snapshot, in order with the dispatches. */
  readonly sendChange: (frame: Buffer) => void;
}

export class SessionStoreProxy implements SnapshotRecorder {
  readonly #options: SessionStoreProxyOptions;

  constructor(options: SessionStoreProxyOptions) {
    this.#options = options;
  }

  load(): Promise<Session | null> {
    return this.#request('session') as Promise<Session | null>;
  }

  loadSnapshot(): Promise<Uint8Array | null> {
    return this.#request('snapshot') as Promise<Uint8Array | null>;
  }

  [RECORD_CHANGE](_: number, frame: Buffer): void {
    this.#options.sendChange(frame);
  }

  /** Resolves at once. The message follows the dispatches that the session covers; the manager reports errors. */
  async save(session: Session): Promise<void> {
    this.#options.send({ kind: 'save', session });
  }

  async clear(): Promise<void> {
    this.#options.send({ kind: 'clear' });
  }

  #request(what: 'session' | 'snapshot'): Promise<unknown> {
    const { requests, send } = this.#options;
    const { id, response } = requests.create();
    send({ kind: 'request', what, id });
    return response;
  }
}
