/** Finds the session to go on with: the one at hand, else what the store has kept of an earlier process. */
import { fromCallback } from 'xstate';
import type { SocketCommand } from '../../machines/index.ts';
import { parseSession } from '../session/session.ts';
import type { CurrentSession } from '../session/current-session.ts';
import type { SessionWriter } from '../session/session-writer.ts';
import type { ResolveDependencies } from './actor-dependencies.ts';

export const loadSessionActor = (
  resolveDependencies: ResolveDependencies<{ session: CurrentSession; sessionWriter: SessionWriter }>,
) =>
  fromCallback<SocketCommand, { shardId: number }>(({ input, system, sendBack }) => {
    const { session: currentSession, sessionWriter } = resolveDependencies(system);
    let stopped = false;
    if (currentSession.identity !== null) {
      sendBack({ type: 'session.loaded', session: currentSession.identity });
      return undefined;
    }
    const loadStored = async (): Promise<void> => {
      try {
        const stored = await sessionWriter.load(input.shardId);
        const session = stored === null ? null : parseSession(stored);
        if (!stopped) sendBack({ type: 'session.loaded', session: currentSession.restore(session) });
      } catch (cause) {
        if (!stopped) sendBack({ type: 'session.unavailable', reason: 'the session could not be loaded', cause });
      }
    };
    void loadStored();
    return () => {
      stopped = true;
    };
  });
