/** Waits at the identify gate while the machine is in `queued`. When the actor is stopped, the request is aborted. */
import { fromCallback } from 'xstate';
import type { SocketCommand } from '../../machines/index.ts';
import { permitFailedError } from '../identify/identify-gate.ts';
import { dependenciesOf } from './actor-dependencies.ts';

export const identifyPermitActor = fromCallback<SocketCommand, { shardId: number }>(({ input, system, sendBack }) => {
  const dependencies = dependenciesOf(system);
  const abort = new AbortController();
  const { signal } = abort;
  let isGranted = false;
  const acquire = async (): Promise<void> => {
    try {
      const request = {
        shardId: input.shardId,
        signal,
        onBudgetSpent: (retryAfterMs: number): void => dependencies.reportBudgetSpent(retryAfterMs),
        onPermitFailed: (cause: unknown): void => dependencies.fault(permitFailedError(cause)),
      };
      const { options, startGuard } = dependencies;
      const permit = await startGuard.pass(request, () => options.identifyGate.acquire(request));
      if (signal.aborted) return permit.release();
      isGranted = true;
      dependencies.connectionSlot.storePermit(permit);
      sendBack({ type: 'identify.granted' });
    } catch (cause) {
      if (!signal.aborted) sendBack({ type: 'identify.refused', reason: 'the identify gate failed', cause });
    }
  };
  void acquire();
  // Once granted, the permit belongs to the connection slot, which releases it when it is not used.
  return () => {
    if (!isGranted) abort.abort();
  };
});
