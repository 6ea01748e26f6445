/** Builds everything that a shard sends: the handshake, heartbeats, and your payloads after a check. */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { GatewayError } from './errors.ts';
import { messageOf } from './network-errors.ts';
import { Opcodes, opcodeName } from './opcodes.ts';
import type { SendPayload } from './packets.ts';
import { isSendable, payloadProblemOf } from './payload-rules.ts';
import type { Token } from './token.ts';
import { fieldsOf, isObject } from './validation.ts';

/**
 * Discord closes the connection after a larger payload.
 * @see https://discord.com/developers/docs/events/gateway#sending-events
 */
export const MAX_PAYLOAD_BYTES = 4096;

export interface IdentifyOptions {
  readonly intents: number;
  readonly shardId: number;
  readonly shardCount: number;
  readonly properties: { readonly os: string; readonly browser: string; readonly device: string };
  readonly compress: boolean;
  readonly largeThreshold: number | undefined;
  readonly presence: GatewayPresenceUpdateData | undefined;
}

/** @see https://discord.com/developers/docs/events/gateway-events#identify */
export const identifyPayload = (token: Token, options: IdentifyOptions): string =>
  JSON.stringify({
    op: Opcodes.Identify,
    d: {
      token: token.reveal(),
      intents: options.intents,
      properties: options.properties,
      compress: options.compress || undefined,
      large_threshold: options.largeThreshold,
      shard: [options.shardId, options.shardCount],
      presence: options.presence,
    },
  });

/** @see https://discord.com/developers/docs/events/gateway-events#resume */
export const resumePayload = (token: Token, sessionId: string, sequence: number): string =>
  JSON.stringify({ op: Opcodes.Resume, d: { token: token.reveal(), session_id: sessionId, seq: sequence } });

/** @see https://discord.com/developers/docs/events/gateway-events#heartbeat */
export const heartbeatPayload = (sequence: number | null): string => `{"op":1,"d":${sequence ?? 'null'}}`;

/**
 * IDENTIFY carries the presence together with the token and the properties, and may not be larger than other payloads.
 */
const MAX_PRESENCE_BYTES = 3072;

/** A payload that Discord accepts, as far as its documentation says. */
export interface CheckedPayload {
  /** What is sent. */
  readonly text: string;
  /** A copy of the payload as Discord will read it: later changes to the object have no effect. */
  readonly payload: SendPayload;
}

/**
 * Checks a payload, and captures it.
 * @throws {@link GatewayError} `INVALID_PAYLOAD`, `OPCODE_NOT_ALLOWED` or `PAYLOAD_TOO_LARGE`.
 */
export function checkPayload(payload: unknown): CheckedPayload {
  const { op, d } = fieldsOf(payload);
  if (typeof op !== 'number') {
    throw new GatewayError('INVALID_PAYLOAD', 'a payload must be an object with a numeric op');
  }
  if (!isSendable(op)) {
    throw new GatewayError('OPCODE_NOT_ALLOWED', `${opcodeName(op)} (op ${op}) can't be sent with send()`);
  }
  if (!isObject(d)) throw new GatewayError('INVALID_PAYLOAD', 'd must be an object');
  const text = toJson({ op, d });
  const maxBytes = op === Opcodes.PresenceUpdate ? MAX_PRESENCE_BYTES : MAX_PAYLOAD_BYTES;
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    const limit = op === Opcodes.PresenceUpdate ? 'a presence may have' : 'Discord accepts up to';
    throw new GatewayError('PAYLOAD_TOO_LARGE', `the payload has ${bytes} bytes; ${limit} ${maxBytes}`);
  }
  // What JSON makes of the data is what Discord reads: a field of `undefined` is missing, and toJSON() was called.
  const copy = JSON.parse(text) as SendPayload;
  const problem = isObject(copy.d) ? payloadProblemOf(op, copy.d) : 'd must be an object';
  if (problem !== null) throw new GatewayError('INVALID_PAYLOAD', `${opcodeName(op)} (op ${op}): ${problem}`);
  return { text, payload: copy };
}

function toJson(payload: unknown): string {
  try {
    return JSON.stringify(payload, rejectBigInt);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('INVALID_PAYLOAD', 'the payload cannot be written as JSON', { cause });
  }
}

function rejectBigInt(name: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  throw new GatewayError('INVALID_PAYLOAD', `JSON cannot hold the bigint ${name}; write an id as a string`);
}

/**
 * Checks the option `presence`, and copies it.
 * @throws {@link GatewayError} `INVALID_OPTIONS`
 */
export function checkPresence(presence: unknown): GatewayPresenceUpdateData {
  try {
    return checkPayload({ op: Opcodes.PresenceUpdate, d: presence }).payload.d as GatewayPresenceUpdateData;
  } catch (cause) {
    throw new GatewayError('INVALID_OPTIONS', `presence is not valid: ${messageOf(cause)}`, { cause });
  }
}
