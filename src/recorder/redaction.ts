/**
 * What texts may say in a recording, so that it can be shared. Texts of this library stay. Texts of others may quote a
 * message, a token or an id, so they are left out or cleaned.
 */
import { closePolicy } from '../../machines/index.ts';
import type { GatewayError, GatewayErrorCode } from '../protocol/errors.ts';
import { fieldsOf } from '../protocol/validation.ts';
import type { Disconnected } from '../shard/shard-events.ts';
import type { RecordFields } from './format/index.ts';
import { OPCODE_REASONS } from './loss-reasons.ts';

/** Tokens, session ids, ids of Discord and whatever else is long and has digits in it. */
const LONG_RUN = /\d{15,}|(?=[\w-]*\d)[\w-]{24,}(?:\.[\w-]+)*|[\w-]{3,}\.[\w-]{6,}\.[\w-]{20,}/g;
/** The part of a URL behind its path may hold a password or a key. */
const QUERY = /\?[^\s,;)]*/g;
const USER_INFO = /\/\/[^\s/@]*@/g;

/** Returns the text without parts that could be a secret or an id. */
export const withoutSecrets = (text: string): string =>
  text.replaceAll(USER_INFO, '//').replaceAll(QUERY, '').replaceAll(LONG_RUN, '[…]');

/** Errors whose message or hint quotes something that others wrote. */
const QUOTES_OTHERS: ReadonlySet<GatewayErrorCode> = new Set([
  'LISTENER_THREW',
  'OBSERVER_THREW',
  'DECODE_FAILED',
  'IDENTIFY_REFUSED',
  'IDENTIFY_PERMIT_FAILED',
  'SESSION_STORE_FAILED',
  'SNAPSHOT_FAILED',
  'INTERNAL_ERROR',
  'WORKER_FAILED',
]);

const NAME = /^[A-Za-z]\w{0,40}$/;

/** Returns the name or the code of an error, such as `ECONNREFUSED`; `null` if it has neither. Never its message. */
export function errorName(cause: unknown): string | null {
  const { code, name } = fieldsOf(cause);
  for (const word of [code, name]) if (typeof word === 'string' && NAME.test(word)) return word;
  return null;
}

/** Returns what a recording says about an error. */
export function problemOf(error: GatewayError): RecordFields<'fault'> {
  const { code, message, hint, closeCode = null, opcode = null, cause } = error;
  return {
    code,
    message: QUOTES_OTHERS.has(code) ? null : withoutSecrets(message),
    hint: withoutSecrets(hint),
    closeCode,
    opcode,
    cause: errorName(cause),
  };
}

/** Returns the reason of a close. The gateway may write anything into its close frame, so its code is named instead. */
export const closeReasonOf = ({ code, reason, initiator }: Disconnected): string =>
  code === null || initiator === 'shard' || OPCODE_REASONS.has(reason)
    ? withoutSecrets(reason)
    : closePolicy(code).name;
