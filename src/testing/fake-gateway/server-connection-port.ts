/** What an opcode handler sees of a connection, and what it can do to it. */
import type { RejectCode } from './close-codes.ts';
import type { Latch } from './latch.ts';
import type { ValidIdentify } from './identify-validation.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { FakeSession } from './sessions.ts';

/**
 * `connected`: HELLO is not sent yet. `helloSent`: HELLO is sent. `identified`: IDENTIFY or RESUME is accepted.
 * `invalidated`: the test sent op 9. `closed`: the gateway or the client has closed.
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
