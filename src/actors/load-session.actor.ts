/** Finds the session to resume: the current one, else the one that the store kept for an earlier process. */
import { fromCallback } from 'xstate';
import type { SocketCommand } from '../../machines/index.ts';
import { parseSession } from '../session/session.ts';
import { dependenciesOf } from './actor-dependencies.ts';

export const loadSessionActor = fromCallback<SocketCommand, { shardId: number }>(({ input, system, sendBack }) => {
  const { session: currentSession, sessionLedger } = dependenciesOf(system);
  let isStopped = false;
  if (currentSession.identity !== null) {
    sendBack({ type: 'session.loaded', session: currentSession.identity });
    return undefined;
  }
  const loadStored = async (): Promise<void> => {
    try {
      const stored = await sessionLedger.load(input.shardId);
      const session = stored === null ? null : parseSession(stored);
      if (!isStopped) sendBack({ type: 'session.loaded', session: currentSession.restore(session) });
    } catch (cause) {
      if (!isStopped) sendBack({ type: 'session.unavailable', reason: 'the session could not be loaded', cause });
    }
  };
  void loadStored();
  return () => {
    isStopped = true;
  };
});
