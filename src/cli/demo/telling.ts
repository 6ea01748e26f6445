/** A recovery in one sentence. */
import { counted, duration } from '../words.ts';
import type { Balance } from './balance.ts';
import type { Recovery } from './trial.ts';

export function inWords({ fault, outcome, noticedMs, backMs, replayed, attempts }: Recovery, balance: string): string {
  const beginning = `the gateway ${fault.told}; the shard noticed after ${duration(noticedMs)}`;
  if (outcome === 'not recovered') return `${beginning} and did not recover`;
  const tries = attempts > 1 ? ` at attempt ${attempts}` : '';
  const back = outcome === 'resumed' ? `resumed${tries} after ${duration(backMs)}` : `began a new session${tries} after ${duration(backMs)}`;
  const surprise = outcome === fault.expected ? '' : `, where it should have ${fault.expected === 'resumed' ? 'resumed' : 'begun a new one'}`;
  const late = replayed > 0 ? `, ${counted(replayed, 'dispatch')} replayed` : '';
  return `${beginning}, ${back}${surprise}${late}, ${balance}`;
}

/** What the dispatches of one fault come to; `flawsBefore` are those of the faults before it. */
export function balanceOf({ missing, duplicates, outOfOrder, flaws }: Balance, flawsBefore: number, arrived: boolean): string {
  if (!arrived) return 'but the last dispatches never came';
  if (flaws === flawsBefore) return 'nothing lost';
  return `${missing} lost, ${duplicates} twice, ${outOfOrder} out of order so far`;
}
