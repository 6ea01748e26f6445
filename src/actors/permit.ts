/** Waits at the identify gate for as long as the chart is in `queued`; leaving gives the place back. */
import { fromCallback } from 'xstate';
import type { SocketCommand } from '../../machines/index.ts';
import type { IdentifyGate } from './identify-gate.ts';
import type { Line } from './line.ts';
import type { PartsOf } from './parts.ts';

interface Parts {
  readonly line: Line;
  readonly options: { readonly identifyGate: IdentifyGate };
  /** No session starts are left for so long. */
  budgetSpent(retryAfterMs: number): void;
}

export const permitActor = (partsOf: PartsOf<Parts>) =>
  fromCallback<SocketCommand, { shardId: number }>(({ input, system, sendBack }) => {
    const shard = partsOf(system);
    const abort = new AbortController();
    const { signal } = abort;
    let granted = false;
    const acquire = async (): Promise<void> => {
      try {
        const permit = await shard.options.identifyGate.acquire({
          shardId: input.shardId,
          signal,
          onBudgetSpent: (retryAfterMs) => shard.budgetSpent(retryAfterMs),
        });
        if (signal.aborted) return permit.release();
        granted = true;
        shard.line.keepPermit(permit);
        sendBack({ type: 'identify.granted' });
      } catch (cause) {
        if (!signal.aborted) sendBack({ type: 'identify.refused', reason: 'the identify gate failed', cause });
      }
    };
    void acquire();
    // What was granted belongs to the line: giving it back is no longer a matter of waiting.
    return () => {
      if (!granted) abort.abort();
    };
  });
