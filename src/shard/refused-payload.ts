/**
 * What a shard does about a close code that means "you sent something wrong": the fault names what was sent last, and a
 * presence that Discord refused is dropped, or it would end the session with each new IDENTIFY.
 */
import { closePolicy } from '../../machines/index.ts';
import type { SendQueue } from '../connection/send-queue.ts';
import type { SentFrames } from '../connection/sent-frames.ts';
import { GatewayError } from '../protocol/errors.ts';
import { Opcodes, opcodeName } from '../protocol/opcodes.ts';
import type { CurrentPresence } from './current-presence.ts';

/** The frames that carry a presence. */
export const CARRIES_PRESENCE: ReadonlySet<number> = new Set([Opcodes.Identify, Opcodes.PresenceUpdate]);

/** Returns whether Discord refused a presence, which must then not be sent again. */
export const isPresenceRefused = ({ code, opcode }: Pick<GatewayError, 'code' | 'opcode'>): boolean =>
  code === 'PAYLOAD_REFUSED' && opcode !== undefined && CARRIES_PRESENCE.has(opcode);

interface CloseFault {
  readonly code: GatewayError['code'];
  readonly reason: string;
  readonly closeCode: number | null;
}

export interface Refusal {
  readonly message: string;
  /** Set if Discord refused this payload. One that it had accepted before is only named. */
  readonly opcode?: number;
}

interface RefusalParts {
  readonly sentFrames: SentFrames;
  readonly presence: CurrentPresence;
  readonly queue: SendQueue;
}

/** Returns the message of a fault, and drops the presence if it was refused. */
export function handleRefusal(
  { code, reason, closeCode }: CloseFault,
  { sentFrames, presence, queue }: RefusalParts,
): Refusal {
  if (closeCode === null || closePolicy(closeCode).fault !== code) return { message: reason };
  const { last, unconfirmed: opcode } = sentFrames;
  if (last === null) return { message: `${reason}; no payload had been sent` };
  const message = `${reason}; the last payload was ${opcodeName(last)} (op ${last})`;
  if (code !== 'PAYLOAD_REFUSED' || opcode === null) return { message };
  const isDropped = isPresenceRefused({ code, opcode }) && presence.refuse();
  // IDENTIFY carried the presence that waits to be sent.
  if (isDropped && opcode === Opcodes.Identify)
    queue.rejectPresences(new GatewayError('PAYLOAD_REFUSED', message, { closeCode, opcode }));
  return { message: isDropped ? `${message}; its presence is not sent again` : message, opcode };
}
