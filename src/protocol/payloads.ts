/** Builds everything that a shard sends: the handshake, heartbeats, and your payloads after a check. */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { GatewayError } from './errors.ts';
import { Opcodes, opcodeName } from './opcodes.ts';
import type { Token } from './token.ts';
import { fieldsOf } from './validation.ts';

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

const SENDABLE: ReadonlySet<number> = new Set([
  Opcodes.PresenceUpdate,
  Opcodes.VoiceStateUpdate,
  Opcodes.RequestGuildMembers,
  Opcodes.RequestSoundboardSounds,
  Opcodes.RequestChannelInfo,
]);

/**
 * Checks a payload and returns the text to send. Later changes to the object have no effect.
 * @throws {@link GatewayError} `INVALID_PAYLOAD`, `OPCODE_NOT_ALLOWED` or `PAYLOAD_TOO_LARGE`.
 */
export function serializePayload(payload: unknown): string {
  const { op, d } = fieldsOf(payload);
  if (typeof op !== 'number') {
    throw new GatewayError('INVALID_PAYLOAD', 'a payload must be an object with a numeric op');
  }
  if (!SENDABLE.has(op)) {
    throw new GatewayError('OPCODE_NOT_ALLOWED', `${opcodeName(op)} (op ${op}) can't be sent with send()`);
  }
  if (typeof d !== 'object' || d === null) throw new GatewayError('INVALID_PAYLOAD', 'd must be an object');
  let text: string;
  try {
    text = JSON.stringify({ op, d });
  } catch (cause) {
    throw new GatewayError('INVALID_PAYLOAD', 'the payload cannot be written as JSON', { cause });
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw new GatewayError(
      'PAYLOAD_TOO_LARGE',
      `the payload has ${bytes} bytes; Discord accepts up to ${MAX_PAYLOAD_BYTES}`,
    );
  }
  return text;
}
