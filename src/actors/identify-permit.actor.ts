/** Waits at the identify gate for as long as the chart is in `queued`; leaving gives the place back. */
import { fromCallback } from 'xstate';
import type { SocketCommand } from '../../machines/index.ts';
import type { IdentifyGate } from '../identify/identify-gate.ts';
import type { ConnectionSlot } from '../connection/connection-slot.ts';
import type { ResolveDependencies } from './actor-dependencies.ts';

interface IdentifyPermitDependencies {
  readonly connectionSlot: ConnectionSlot;
  readonly options: { readonly identifyGate: IdentifyGate };
  /** No session starts are left for so long. */
  reportBudgetSpent(retryAfterMs: number): void;
}

export const identifyPermitActor = (resolveDependencies: ResolveDependencies<IdentifyPermitDependencies>) =>
  fromCallback<SocketCommand, { shardId: number }>(({ input, system, sendBack }) => {
    const dependencies = resolveDependencies(system);
    const abort = new AbortController();
    const { signal } = abort;
    let isGranted = false;
    const acquire = async (): Promise<void> => {
      try {
        const permit = await dependencies.options.identifyGate.acquire({
          shardId: input.shardId,
          signal,
          onBudgetSpent: (retryAfterMs) => dependencies.reportBudgetSpent(retryAfterMs),
        });
        if (signal.aborted) return permit.release();
        isGranted = true;
        dependencies.connectionSlot.storePermit(permit);
        sendBack({ type: 'identify.granted' });
      } catch (cause) {
        if (!signal.aborted) sendBack({ type: 'identify.refused', reason: 'the identify gate failed', cause });
      }
    };
    void acquire();
    // What was granted belongs to the line: giving it back is no longer a matter of waiting.
    return () => {
      if (!isGranted) abort.abort();
    };
  });
