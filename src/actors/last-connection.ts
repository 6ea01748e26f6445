/**
 * The last connection of a shard while it is still being closed. The gateway's close frame may cross that of the shard,
 * and its code may say that the session is over. Whichever state the shard is in then, the code holds.
 */
import { closePolicy } from '../../machines/index.ts';
import type { CloseFrame } from '../connection/close-handshake.ts';
import type { ConnectionSlot } from '../connection/connection-slot.ts';

interface LastConnection {
  readonly sessionId: string | null;
  /** The close frame of the gateway's own; `null` without one. */
  readonly own: CloseFrame | null;
}

/** Not in an actor, whose closures would keep the last connection and its decoder in memory. */
export function afterLastConnection(
  { connection: last }: ConnectionSlot,
  onOver: (last: LastConnection) => void,
): void {
  if (last === null) onOver({ sessionId: null, own: null });
  else last.whenClosed((own) => onOver({ sessionId: last.sessionId, own }));
}

/** Whether a connection to resume the session of the last one is in vain, because of the code that ended the last. */
export function isDecisive(code: number, lastSessionId: string | null, sessionId: string | null): boolean {
  const { action } = closePolicy(code);
  return action === 'fail' || (action === 'identify' && sessionId !== null && sessionId === lastSessionId);
}
