/**
 * What a shard does about a close code that means "you sent something wrong": the fault names what was sent last, and a
 * presence that Discord refused is dropped, or it would end the session with each new IDENTIFY.
 */
import { closePolicy } from '../../machines/index.ts';
import type { SentFrames } from '../connection/sent-frames.ts';
import { Opcodes, opcodeName } from '../protocol/opcodes.ts';
import type { CurrentPresence } from './current-presence.ts';

/** The frames that carry a presence. */
export const CARRIES_PRESENCE: ReadonlySet<number> = new Set([Opcodes.Identify, Opcodes.PresenceUpdate]);

interface CloseFault {
  readonly code: string;
  readonly reason: string;
  readonly closeCode: number | null;
}

/** Returns the message of a fault, and drops the presence if it was refused. */
export function handleRefusal(
  { code, reason, closeCode }: CloseFault,
  { sentFrames, presence }: { readonly sentFrames: SentFrames; readonly presence: CurrentPresence },
): string {
  if (closeCode === null || closePolicy(closeCode).fault !== code) return reason;
  const { last, unconfirmed } = sentFrames;
  if (last === null) return `${reason}; no payload had been sent`;
  const sentLast = `${reason}; the last payload was ${opcodeName(last)} (op ${last})`;
  const isPresence = code === 'PAYLOAD_REFUSED' && unconfirmed !== null && CARRIES_PRESENCE.has(unconfirmed);
  return isPresence && presence.refuse() ? `${sentLast}; its presence is not sent again` : sentLast;
}
