/** Why shards of another count could not be started, as an error for the caller of `reshard()`. */
import { GatewayError } from '../../protocol/errors.ts';

const HINT =
  'Reshard to a multiple of the shard count that GET /gateway/bot recommends: a large bot may use no other count.';

export const reshardFailure = (total: number, failure: GatewayError): GatewayError =>
  failure.code === 'INVALID_SHARD'
    ? new GatewayError('INVALID_SHARD', `Discord does not accept ${total} shards (close code 4010)`, {
        closeCode: 4010,
        hint: HINT,
        cause: failure,
      })
    : failure;
