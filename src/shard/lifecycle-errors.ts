/** Turns what the machine of a shard emits into errors: the machine knows no classes. */
import type { ShardEmitted } from '../../machines/index.ts';
import { ProxyError, withProxy } from '../http/proxy/proxy-error.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { GatewayErrorOptions } from '../protocol/errors.ts';
import { withRefusedPresence } from './refused-payload.ts';
import type { Refusal } from './refused-payload.ts';

type Emitted<Type extends ShardEmitted['type']> = Extract<ShardEmitted, { type: Type }>;

/** The faults that a proxy may be to blame for, although nothing says so. */
const MAY_BE_OF_PROXY: ReadonlySet<string> = new Set(['CONNECT_TIMEOUT', 'HELLO_TIMEOUT']);

/** @param proxy - the host and port of the proxy that the connection goes through; `null` without one */
export const faultError = (
  { code, closeCode, cause }: Emitted<'fault'>,
  { message, opcode, presence }: Refusal,
  proxy: string | null,
): GatewayError =>
  withRefusedPresence(
    new GatewayError(
      cause instanceof ProxyError ? cause.code : code,
      MAY_BE_OF_PROXY.has(code) ? withProxy(message, proxy) : message,
      { ...detailsOf(closeCode, cause), ...(opcode === undefined ? {} : { opcode }) },
    ),
    presence,
  );

export const failureError = ({ code, reason, closeCode, cause }: Emitted<'failed'>): GatewayError =>
  new GatewayError(
    code,
    closeCode === null ? reason : `the gateway closed the connection with ${closeCode}: ${reason}`,
    detailsOf(closeCode, cause),
  );

const detailsOf = (closeCode: number | null, cause: unknown): GatewayErrorOptions => ({
  ...(closeCode === null ? {} : { closeCode }),
  ...(cause === undefined ? {} : { cause }),
});
