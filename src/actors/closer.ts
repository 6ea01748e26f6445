/** Lets the last socket go in the way the chart says, and leaves nothing open when it is stopped. */
import { fromCallback } from 'xstate';
import type { CloserInput, SocketCommand } from '../../machines/index.ts';
import type { Line } from './line.ts';
import type { PartsOf } from './parts.ts';

export const closerActor = (partsOf: PartsOf<{ line: Line }>) =>
  fromCallback<SocketCommand, CloserInput>(({ input, system, sendBack }) => {
    const { connection } = partsOf(system).line;
    const gone = (): void => sendBack({ type: 'socket.gone', connectionId: input.connectionId });
    // A connection that could not even be opened leaves the one before it on the line.
    if (connection === null || connection.id !== input.connectionId) {
      gone();
      return undefined;
    }
    connection.close(input.closeWith, input.reason, gone);
    return () => connection.terminate();
  });
