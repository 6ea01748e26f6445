/** Adapts a connection to the machine: sends its events to the machine, and passes it the machine's commands. */
import { fromCallback } from 'xstate';
import type { SocketCommand, SocketInput } from '../../machines/index.ts';
import { messageOf } from '../protocol/errors.ts';
import { Connection } from '../connection/connection.ts';
import { dependenciesOf } from './actor-dependencies.ts';

export const socketActor = fromCallback<SocketCommand, SocketInput>(({ input, system, sendBack, receive }) => {
  const dependencies = dependenciesOf(system);
  // An error thrown from here would stop the machine for good, so it becomes an event.
  try {
    const connection = new Connection(dependencies, input, sendBack);
    dependencies.connectionSlot.connection = connection;
    receive((command) => {
      try {
        connection.execute(command);
      } catch (cause) {
        sendBack({ type: 'socket.failed', connectionId: input.connectionId, reason: messageOf(cause), cause });
      }
    });
    return () => connection.detach();
  } catch (cause) {
    sendBack({ type: 'socket.failed', connectionId: input.connectionId, reason: messageOf(cause), cause });
    return undefined;
  }
});
