/** The manager's session store, as a shard in another thread sees it. */
import type { Session } from '../../session/session.ts';
import type { SessionStore } from '../../session/session-store.ts';
import type { Desk } from './desk.ts';
import type { Telling } from './messages.ts';

export class FarSessionStore implements SessionStore {
  readonly #desk: Desk;
  readonly #tell: (telling: Telling) => void;

  constructor(desk: Desk, tell: (telling: Telling) => void) {
    this.#desk = desk;
    this.#tell = tell;
  }

  load(): Promise<Session | null> {
    const { id, answer } = this.#desk.ask();
    this.#tell({ kind: 'ask', what: 'session', id });
    return answer;
  }

  /** Settles at once: it is told behind the dispatches it is about, and the manager reports what goes wrong. */
  async save(session: Session): Promise<void> {
    this.#tell({ kind: 'save', session });
  }

  async clear(): Promise<void> {
    this.#tell({ kind: 'clear' });
  }
}
