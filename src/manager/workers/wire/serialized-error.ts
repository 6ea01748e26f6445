/** Errors on their way from one thread to another: a clone of one would lose its class, its code and its hint. */
import { GatewayError } from '../../../protocol/errors.ts';
import type { GatewayErrorCode } from '../../../protocol/errors.ts';

export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of any error, as Node's have one too. */
  readonly code: string | undefined;
  /** Of a `GatewayError` only. */
  readonly gateway: {
    readonly code: GatewayErrorCode;
    readonly hint: string;
    readonly closeCode: number | undefined;
  } | null;
  readonly cause: SerializedError | null;
}

/** Causes of causes; beyond that they explain nothing. */
const MAX_DEPTH = 8;

const textOf = (value: unknown): string => {
  try {
    return String(value);
  } catch {
    return 'something that is no text';
  }
};

export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error))
    return { name: 'Error', message: textOf(error), stack: undefined, code: undefined, gateway: null, cause: null };
  const { name, message, stack, cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const gateway =
    error instanceof GatewayError ? { code: error.code, hint: error.hint, closeCode: error.closeCode } : null;
  const hasCause = cause !== undefined && depth < MAX_DEPTH;
  return { name, message, stack, code, gateway, cause: hasCause ? serializeError(cause, depth + 1) : null };
}

export function deserializeError(serialized: SerializedError): Error {
  const { name, message, stack, code, gateway, cause } = serialized;
  const causeOption = cause === null ? {} : { cause: deserializeError(cause) };
  if (gateway !== null) {
    const closeCodeOption = gateway.closeCode === undefined ? {} : { closeCode: gateway.closeCode };
    return new GatewayError(gateway.code, message, { hint: gateway.hint, ...closeCodeOption, ...causeOption });
  }
  const error = new Error(message, causeOption);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}

/** What a shard rejects with is always one of ours. */
export function deserializeGatewayError(serialized: SerializedError): GatewayError {
  const error = deserializeError(serialized);
  return error instanceof GatewayError ? error : new GatewayError('INTERNAL_ERROR', error.message, { cause: error });
}
