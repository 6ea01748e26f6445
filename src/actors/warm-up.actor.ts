/** Delivers the guilds of a session that an earlier process began. When the actor is stopped, it delivers no more. */
import { fromCallback } from 'xstate';
import type { SocketCommand } from '../../machines/index.ts';
import { messageOf } from '../protocol/network-errors.ts';
import { dependenciesOf } from './actor-dependencies.ts';

export const warmUpActor = fromCallback<SocketCommand, { shardId: number }>(({ system, sendBack }) => {
  const { warmStart } = dependenciesOf(system);
  const abort = new AbortController();
  const { signal } = abort;
  const warmUp = async (): Promise<void> => {
    try {
      await warmStart?.deliver(signal);
      if (!signal.aborted) sendBack({ type: 'snapshot.delivered' });
    } catch (cause) {
      if (!signal.aborted) sendBack({ type: 'snapshot.failed', reason: messageOf(cause), cause });
    }
  };
  void warmUp();
  return () => abort.abort();
});
