/** Adapts a connection to the machine: its events are sent to the chart, the chart's commands are performed. */
import { fromCallback } from 'xstate';
import type { SocketCommand, SocketInput } from '../../machines/index.ts';
import { reasonOf } from '../protocol/errors.ts';
import { Connection } from './connection.ts';
import type { ConnectionHost } from './connection-host.ts';
import type { Line } from './line.ts';
import type { PartsOf } from './parts.ts';

export const socketActor = (partsOf: PartsOf<{ line: Line; host: ConnectionHost }>) =>
  fromCallback<SocketCommand, SocketInput>(({ input, system, sendBack, receive }) => {
    const { line, host } = partsOf(system);
    // A throw in here would put the machine into error for good.
    try {
      const connection = new Connection(host, input, sendBack);
      line.connection = connection;
      receive((command) => {
        try {
          connection.perform(command);
        } catch (cause) {
          sendBack({ type: 'socket.failed', connectionId: input.connectionId, reason: reasonOf(cause), cause });
        }
      });
      return () => connection.detach();
    } catch (cause) {
      sendBack({ type: 'socket.failed', connectionId: input.connectionId, reason: reasonOf(cause), cause });
      return undefined;
    }
  });
