/** Lets the last socket go in the way the chart says, and leaves nothing open when it is stopped. */
import { fromCallback } from 'xstate';
import type { CloseSocketInput, SocketCommand } from '../../machines/index.ts';
import type { ConnectionSlot } from '../connection/connection-slot.ts';
import type { ResolveDependencies } from './actor-dependencies.ts';

export const closeSocketActor = (resolveDependencies: ResolveDependencies<{ connectionSlot: ConnectionSlot }>) =>
  fromCallback<SocketCommand, CloseSocketInput>(({ input, system, sendBack }) => {
    const { connection } = resolveDependencies(system).connectionSlot;
    const notifyClosed = (): void => sendBack({ type: 'socket.closeCompleted', connectionId: input.connectionId });
    // A connection that could not even be opened leaves the one before it on the line.
    if (connection === null || connection.id !== input.connectionId) {
      notifyClosed();
      return undefined;
    }
    connection.close(input.closeWith, input.reason, notifyClosed);
    return () => connection.terminate();
  });
