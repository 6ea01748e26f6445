/** Turns what the machine of a shard emits into errors: the machine knows no classes. */
import type { ShardEmitted } from '../../machines/index.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { GatewayErrorOptions } from '../protocol/errors.ts';
import type { Refusal } from './refused-payload.ts';

type Emitted<Type extends ShardEmitted['type']> = Extract<ShardEmitted, { type: Type }>;

export const faultError = ({ code, closeCode, cause }: Emitted<'fault'>, { message, opcode }: Refusal): GatewayError =>
  new GatewayError(code, message, {
    ...detailsOf(closeCode, cause),
    ...(opcode === undefined ? {} : { opcode }),
  });

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
