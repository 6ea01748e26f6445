/** Closes the last socket as the machine asks. When the actor is stopped, a socket that is still open is terminated soon. */
import { fromCallback } from 'xstate';
import type { CloseSocketInput, SocketCommand } from '../../machines/index.ts';
import { dependenciesOf } from './actor-dependencies.ts';

export const closeSocketActor = fromCallback<SocketCommand, CloseSocketInput>(({ input, system, sendBack }) => {
  const { connection } = dependenciesOf(system).connectionSlot;
  const notifyClosed = (own: { code: number; reason: string } | null): void =>
    sendBack({ type: 'socket.closeCompleted', connectionId: input.connectionId, ...own });
  // If the socket could not be opened, the slot still holds the connection before it.
  if (connection === null || connection.id !== input.connectionId) {
    notifyClosed(null);
    return undefined;
  }
  connection.close(input.closeWith, input.reason, notifyClosed);
  return () => connection.terminateSoon();
});
