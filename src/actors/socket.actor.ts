/** Adapts a connection to the machine: its events are sent to the chart, the chart's commands are performed. */
import { fromCallback } from 'xstate';
import type { SocketCommand, SocketInput } from '../../machines/index.ts';
import { messageOf } from '../protocol/errors.ts';
import { Connection } from '../connection/connection.ts';
import type { ConnectionDelegate } from '../connection/connection-delegate.ts';
import type { ConnectionSlot } from '../connection/connection-slot.ts';
import type { ResolveDependencies } from './actor-dependencies.ts';

export const socketActor = (
  resolveDependencies: ResolveDependencies<{ connectionSlot: ConnectionSlot; delegate: ConnectionDelegate }>,
) =>
  fromCallback<SocketCommand, SocketInput>(({ input, system, sendBack, receive }) => {
    const { connectionSlot, delegate } = resolveDependencies(system);
    // A throw in here would put the machine into error for good.
    try {
      const connection = new Connection(delegate, input, sendBack);
      connectionSlot.connection = connection;
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
