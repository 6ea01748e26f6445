/** Errors as plain data, for the way between threads: a structured clone would lose class, code and hint. */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { GatewayError } from '../../../protocol/errors.ts';
import type { GatewayErrorCode } from '../../../protocol/errors.ts';
import { refusedPresenceOf, withRefusedPresence } from '../../../shard/refused-payload.ts';

export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** The `code` of any error: errors of Node have one too. */
  readonly code: string | undefined;
  /** `null` unless the error is a `GatewayError`. */
  readonly gateway: {
    readonly code: GatewayErrorCode;
    readonly hint: string;
    readonly closeCode: number | undefined;
    readonly opcode: number | undefined;
    /** The presence that Discord refused. */
    readonly presence: GatewayPresenceUpdateData | undefined;
  } | null;
  readonly cause: SerializedError | null;
}

/** How many causes of causes are kept. An error may be its own cause. */
const MAX_DEPTH = 8;

const textOf = (value: unknown): string => {
  try {
    return String(value);
  } catch {
    return 'a value that can not be converted to a string';
  }
};

/** Returns a field of an error. A getter may throw, and a field may be of any type. */
function read(error: Error, field: 'name' | 'message' | 'stack' | 'code' | 'cause'): unknown {
  try {
    return (error as { readonly [Field in typeof field]?: unknown })[field];
  } catch {
    return undefined;
  }
}

const optionalText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const gatewayFields = (error: GatewayError) => {
  const { code, hint, closeCode, opcode } = error;
  return { code, hint, closeCode, opcode, presence: refusedPresenceOf(error) };
};

export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error))
    return { name: 'Error', message: textOf(error), stack: undefined, code: undefined, gateway: null, cause: null };
  const name = textOf(read(error, 'name'));
  const message = textOf(read(error, 'message'));
  const [stack, code] = [optionalText(read(error, 'stack')), optionalText(read(error, 'code'))];
  const cause = read(error, 'cause');
  const gateway = error instanceof GatewayError ? gatewayFields(error) : null;
  const hasCause = cause !== undefined && depth < MAX_DEPTH;
  return { name, message, stack, code, gateway, cause: hasCause ? serializeError(cause, depth + 1) : null };
}

export function deserializeError(serialized: SerializedError): Error {
  const { name, message, stack, code, gateway, cause } = serialized;
  const causeOption = cause === null ? {} : { cause: deserializeError(cause) };
  if (gateway !== null) {
    const closeCodeOption = gateway.closeCode === undefined ? {} : { closeCode: gateway.closeCode };
    const opcodeOption = gateway.opcode === undefined ? {} : { opcode: gateway.opcode };
    const options = { hint: gateway.hint, ...closeCodeOption, ...opcodeOption, ...causeOption };
    return withRefusedPresence(new GatewayError(gateway.code, message, options), gateway.presence);
  }
  const error = new Error(message, causeOption);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}

/** Returns a `GatewayError` for any error: the methods of a shard reject with nothing else. */
export function deserializeGatewayError(serialized: SerializedError): GatewayError {
  const error = deserializeError(serialized);
  return error instanceof GatewayError ? error : new GatewayError('INTERNAL_ERROR', error.message, { cause: error });
}
