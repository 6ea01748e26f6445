/** A conversation as the rules see it: where it stands, and what a rule can bring about. */
import type { RejectCode } from './close-codes.ts';
import type { Hold } from './hold.ts';
import type { Identification } from './identify.ts';
import type { Realm } from './realm.ts';
import type { FakeSession } from './sessions.ts';

/**
 * `connected`: no HELLO yet. `greeted`: HELLO sent. `identified`: IDENTIFY or RESUME accepted. `invalidated`: a
 * fault method sent op 9. `over`: the gateway has closed.
 */
export type Phase = 'connected' | 'greeted' | 'identified' | 'invalidated' | 'over';

export interface Talk {
  readonly realm: Realm;
  readonly session: FakeSession | null;
  readonly members: Hold;
  presence: unknown;
  beat(): void;
  identify(identification: Identification): void;
  resume(session: FakeSession, after: number): void;
  reject(code: RejectCode, what: string): void;
  note(code: RejectCode | null, what: string): void;
  say(op: number, d?: unknown): void;
}
