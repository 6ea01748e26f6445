/**
 * Adapts a connection to the machine: sends its events to the machine, and passes it the machine's commands. It opens
 * no socket while the last one is being closed. If that ends with a code of the gateway's own, the code holds for this
 * connection too.
 */
import { fromCallback } from 'xstate';
import { closePolicy } from '../../machines/index.ts';
import type { SocketCommand, SocketInput } from '../../machines/index.ts';
import { Connection } from '../connection/connection.ts';
import type { CloseFrame } from '../connection/close-handshake.ts';
import type { ConnectionSlot } from '../connection/connection-slot.ts';
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

interface LastConnection {
  readonly sessionId: string | null;
  /** The close frame of the gateway's own; `null` without one. */
  readonly own: CloseFrame | null;
}

/** Outside of the actor, whose closures would keep the last connection and its decoder in memory. */
function afterLastConnection({ connection: last }: ConnectionSlot, onOver: (last: LastConnection) => void): void {
  if (last === null) onOver({ sessionId: null, own: null });
  else last.whenClosed((own) => onOver({ sessionId: last.sessionId, own }));
}

/** Whether a connection to resume the session of the last one is in vain, because of the code that ended the last. */
function isDecisive(code: number, lastSessionId: string | null, sessionId: string | null): boolean {
  const { action } = closePolicy(code);
  return action === 'fail' || (action === 'identify' && sessionId !== null && sessionId === lastSessionId);
}
