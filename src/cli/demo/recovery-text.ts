/** A recovery in one sentence. */
import { formatCount, formatMs } from '../../inspect/page/model/format.ts';
import type { DeliveryCounts } from './delivery-counts.ts';
import type { Recovery } from './recovery.ts';

export function recoveryText(
  { fault, outcome, noticedMs, backMs, replayed, attempts }: Recovery,
  deliveries: string,
): string {
  const beginning = `the gateway ${fault.pastText}; the shard noticed after ${formatMs(noticedMs)}`;
  if (outcome === 'not recovered') return `${beginning} and did not recover`;
  const attemptText = attempts > 1 ? ` at attempt ${attempts}` : '';
  const outcomeText =
    outcome === 'resumed'
      ? `resumed${attemptText} after ${formatMs(backMs)}`
      : `began a new session${attemptText} after ${formatMs(backMs)}`;
  const mismatchText =
    outcome === fault.expected
      ? ''
      : `, where it should have ${fault.expected === 'resumed' ? 'resumed' : 'begun a new one'}`;
  const replayText = replayed > 0 ? `, ${formatCount(replayed, 'dispatch')} replayed` : '';
  return `${beginning}, ${outcomeText}${mismatchText}${replayText}, ${deliveries}`;
}

/** What the dispatches of one fault come to; `flawsBefore` are those of the faults before it. */
export function deliveryText(
  { missing, duplicates, outOfOrder, flaws }: DeliveryCounts,
  flawsBefore: number,
  arrived: boolean,
): string {
  if (!arrived) return 'but the last dispatches never came';
  if (flaws === flawsBefore) return 'nothing lost';
  return `${missing} lost, ${duplicates} twice, ${outOfOrder} out of order so far`;
}
