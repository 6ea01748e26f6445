/**
 * Adapts a connection to the machine: sends its events to the machine, and passes it the machine's commands. It opens
 * no socket while the last one is being closed. If that ends with a code of the gateway's own, the code holds for this
 * connection too.
 */
import { fromCallback } from 'xstate';
import type { SocketCommand, SocketInput } from '../../machines/index.ts';
import { Connection } from '../connection/connection.ts';
import { hostFailure, withoutRequest } from '../protocol/network-errors.ts';
import { dependenciesOf } from './actor-dependencies.ts';
import { afterLastConnection, isDecisive } from './last-connection.ts';

export const socketActor = fromCallback<SocketCommand, SocketInput>(({ input, system, sendBack, receive }) => {
  const dependencies = dependenciesOf(system);
  const fail = (error: unknown): void => {
    const cause = withoutRequest(error);
    const reason = hostFailure(input.resumeUrl ?? dependencies.options.url, cause);
    sendBack({ type: 'socket.failed', connectionId: input.connectionId, reason, cause });
  };
  // An error thrown from here would stop the machine for good, so it becomes an event.
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (cause) {
      fail(cause);
    }
  };
  let connection: Connection | null = null;
  let isStopped = false;
  const open = (): void =>
    attempt(() => {
      connection = new Connection(dependencies, input, sendBack);
      dependencies.connectionSlot.connection = connection;
    });
  afterLastConnection(dependencies.connectionSlot, ({ sessionId, own }) => {
    if (isStopped) return;
    if (own === null || !isDecisive(own.code, sessionId, dependencies.session.id)) open();
    else sendBack({ type: 'socket.closed', connectionId: input.connectionId, ...own });
  });
  receive((command) => attempt(() => connection?.execute(command)));
  return () => {
    isStopped = true;
    connection?.detach();
  };
});
