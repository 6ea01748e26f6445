/** A conversation as the rules see it: where it stands, and what a rule can bring about. */
import type { RejectCode } from './close-codes.ts';
import type { Latch } from './latch.ts';
import type { ValidIdentify } from './identify-validation.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { FakeSession } from './sessions.ts';

/**
 * `connected`: no HELLO yet. `helloSent`: HELLO sent. `identified`: IDENTIFY or RESUME accepted. `invalidated`: a
 * fault method sent op 9. `closed`: the gateway has closed.
 */
export type Phase = 'connected' | 'helloSent' | 'identified' | 'invalidated' | 'closed';

export interface ServerConnectionPort {
  readonly context: GatewayContext;
  readonly session: FakeSession | null;
  readonly members: Latch;
  presence: unknown;
  acknowledgeHeartbeat(): void;
  identify(identify: ValidIdentify): void;
  resume(session: FakeSession, after: number): void;
  reject(code: RejectCode, what: string): void;
  recordViolation(code: RejectCode | null, what: string): void;
  send(op: number, d?: unknown): void;
}
