/** Adapts a connection to the machine: sends its events to the machine, and passes it the machine's commands. */
import { fromCallback } from 'xstate';
import type { SocketCommand, SocketInput } from '../../machines/index.ts';
import { Connection } from '../connection/connection.ts';
import { hostFailure, withoutRequest } from '../protocol/network-errors.ts';
import { dependenciesOf } from './actor-dependencies.ts';

export const socketActor = fromCallback<SocketCommand, SocketInput>(({ input, system, sendBack, receive }) => {
  const dependencies = dependenciesOf(system);
  const fail = (error: unknown): void => {
    const cause = withoutRequest(error);
    const reason = hostFailure(input.resumeUrl ?? dependencies.options.url, cause);
    sendBack({ type: 'socket.failed', connectionId: input.connectionId, reason, cause });
  };
  // An error thrown from here would stop the machine for good, so it becomes an event.
  try {
    const connection = new Connection(dependencies, input, sendBack);
    dependencies.connectionSlot.connection = connection;
    receive((command) => {
      try {
        connection.execute(command);
      } catch (cause) {
        fail(cause);
      }
    });
    return () => connection.detach();
  } catch (cause) {
    fail(cause);
    return undefined;
  }
});
