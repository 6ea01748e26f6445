/**
 * The reasons of losses that an opcode causes, in the words of the machine. The close code of such a loss is the one that
 * the shard sends, so only the reason tells it from a close of the gateway.
 */
import { lossOf } from '../../machines/index.ts';

/** Carries nothing that the reasons depend on. */
const EVENT = { type: 'gateway.reconnect', connectionId: 0 } as const;

export const RECONNECT_REASON = lossOf('reconnectRequested', EVENT).reason;
export const INVALID_RESUMABLE_REASON = lossOf('invalidSessionResumable', EVENT).reason;
export const INVALID_REASON = lossOf('invalidSession', EVENT).reason;

/** All reasons of losses that an opcode causes. */
export const OPCODE_REASONS: ReadonlySet<string> = new Set([
  RECONNECT_REASON,
  INVALID_RESUMABLE_REASON,
  INVALID_REASON,
]);
