/**
 * Claims the session of the shard, then finds the one to resume: the current one, else the one that the store kept for
 * another process. The current one is outdated if another process has had the shard since.
 */
import { fromCallback } from 'xstate';
import type { SessionIdentity, SocketCommand } from '../../machines/index.ts';
import { parseSession } from '../session/session.ts';
import { isSessionInUse } from '../session/shard-leases.ts';
import { dependenciesOf } from './actor-dependencies.ts';

export const loadSessionActor = fromCallback<SocketCommand, { shardId: number }>(({ input, system, sendBack }) => {
  const dependencies = dependenciesOf(system);
  const { session: currentSession, sessionLedger, sessionStore } = dependencies;
  const { shardId } = input;
  const abort = new AbortController();
  const { signal } = abort;
  if (currentSession.isCurrent && !sessionStore.hasOwners) {
    sendBack({ type: 'session.loaded', session: currentSession.identity });
    return undefined;
  }
  const claim = async (): Promise<void> => {
    const { identity } = currentSession;
    try {
      const isInterrupted = await sessionStore.hold(shardId, { signal });
      // Unless you have named another session meanwhile.
      if (isInterrupted && currentSession.identity === identity) dependencies.markOutdated();
    } catch (cause) {
      // A store that fails says so again when it is read or written. Only another owner is a reason not to connect.
      if (isSessionInUse(cause)) throw cause;
    }
  };
  const find = async (): Promise<SessionIdentity | null> => {
    if (currentSession.isCurrent) return currentSession.identity;
    const stored = await sessionLedger.load(shardId, signal);
    const session = stored === null ? null : parseSession(stored);
    return signal.aborted ? null : currentSession.restore(session);
  };
  const claimAndFind = async (): Promise<void> => {
    try {
      await claim();
      const session = signal.aborted ? null : await find();
      if (!signal.aborted) sendBack({ type: 'session.loaded', session });
    } catch (cause) {
      if (signal.aborted) return;
      if (isSessionInUse(cause)) sendBack({ type: 'session.inUse', reason: cause.message, cause });
      else sendBack({ type: 'session.unavailable', reason: 'the session could not be loaded', cause });
    }
  };
  void claimAndFind();
  return () => abort.abort();
});
