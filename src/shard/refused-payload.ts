/**
 * What a shard does about a close code that means "you sent something wrong": the fault names what was sent last, and a
 * presence that Discord refused is dropped, or it would end the session with each new IDENTIFY.
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { closePolicy } from '../../machines/index.ts';
import type { SendQueue } from '../connection/send-queue.ts';
import type { SentFrames } from '../connection/sent-frames.ts';
import { GatewayError } from '../protocol/errors.ts';
import { Opcodes, opcodeName } from '../protocol/opcodes.ts';
import { CARRIES_PRESENCE } from './current-presence.ts';
import type { CurrentPresence } from './current-presence.ts';

const refusedPresences = new WeakMap<GatewayError, GatewayPresenceUpdateData>();

/** Returns the presence that Discord refused, which must not be sent again; `undefined` if it refused something else. */
export const refusedPresenceOf = (error: GatewayError): GatewayPresenceUpdateData | undefined =>
  refusedPresences.get(error);

/** Notes which presence Discord refused. An event shows an error to listeners, which need no payload in it. */
export function withRefusedPresence(
  error: GatewayError,
  presence: GatewayPresenceUpdateData | undefined,
): GatewayError {
  if (presence !== undefined) refusedPresences.set(error, presence);
  return error;
}

interface CloseFault {
  readonly code: GatewayError['code'];
  readonly reason: string;
  readonly closeCode: number | null;
}

export interface Refusal {
  readonly message: string;
  /** Set if Discord refused this payload. One that it had accepted before is only named. */
  readonly opcode?: number;
  /** Set if Discord refused it. */
  readonly presence?: GatewayPresenceUpdateData;
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
  const refused = CARRIES_PRESENCE.has(opcode) ? presence.sent : undefined;
  if (refused === undefined) return { message, opcode };
  // IDENTIFY carried the presence that waits to be sent.
  if (presence.drop(refused) && opcode === Opcodes.Identify)
    queue.rejectPresences(new GatewayError('PAYLOAD_REFUSED', message, { closeCode, opcode }));
  return { message: `${message}; its presence is not sent again`, opcode, presence: refused };
}

/** What a shard that may send a presence learns from another one. */
export interface RefusedPresence {
  readonly refused: GatewayPresenceUpdateData;
  /** The presence of the manager instead; `undefined` if it has none. */
  readonly instead: GatewayPresenceUpdateData | undefined;
}

/** Discord refused a presence on another shard. */
export function dropPresence(
  { presence, queue }: Omit<RefusalParts, 'sentFrames'>,
  { refused, instead }: RefusedPresence,
): void {
  if (!presence.drop(refused, instead)) return;
  const message = 'Discord refused this presence on another shard';
  queue.rejectPresences(new GatewayError('PAYLOAD_REFUSED', message, { opcode: Opcodes.PresenceUpdate }));
}
