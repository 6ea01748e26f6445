/** Closes the last socket as the machine asks. When the actor is stopped, a socket that is still open is terminated soon. */
import { fromCallback } from 'xstate';
import type { CloseSocketInput, SocketCommand } from '../../machines/index.ts';
import { dependenciesOf } from './actor-dependencies.ts';
import { afterLastConnection, isDecisive } from './last-connection.ts';

export const closeSocketActor = fromCallback<SocketCommand, CloseSocketInput>(({ input, system, sendBack }) => {
  const { connectionSlot, session } = dependenciesOf(system);
  const { connection } = connectionSlot;
  const notifyClosed = (own: { code: number; reason: string } | null): void =>
    sendBack({ type: 'socket.closeCompleted', connectionId: input.connectionId, ...own });
  // If no socket was opened, the slot still holds the connection before it, which may not be closed yet.
  if (connection === null || connection.id !== input.connectionId) {
    afterLastConnection(connectionSlot, ({ sessionId, own }) =>
      notifyClosed(own !== null && isDecisive(own.code, sessionId, session.id) ? own : null),
    );
    return undefined;
  }
  connection.close(input.closeWith, input.reason, notifyClosed);
  return () => connection.terminateSoon();
});
