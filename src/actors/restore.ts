/** Finds the session to go on with: the one at hand, else what the store has kept of an earlier process. */
import { fromCallback } from 'xstate';
import type { SocketCommand } from '../../machines/index.ts';
import { parseSession } from '../session/session.ts';
import type { SessionCell } from '../session/session-cell.ts';
import type { SessionKeeper } from '../session/session-keeper.ts';
import type { PartsOf } from './parts.ts';

export const restoreActor = (partsOf: PartsOf<{ cell: SessionCell; keeper: SessionKeeper }>) =>
  fromCallback<SocketCommand, { shardId: number }>(({ input, system, sendBack }) => {
    const { cell, keeper } = partsOf(system);
    let stopped = false;
    if (cell.identity !== null) {
      sendBack({ type: 'session.loaded', session: cell.identity });
      return undefined;
    }
    const restore = async (): Promise<void> => {
      try {
        const stored = await keeper.load(input.shardId);
        const session = stored === null ? null : parseSession(stored);
        if (!stopped) sendBack({ type: 'session.loaded', session: cell.adopt(session) });
      } catch (cause) {
        if (!stopped) sendBack({ type: 'session.unavailable', reason: 'the session could not be loaded', cause });
      }
    };
    void restore();
    return () => {
      stopped = true;
    };
  });
