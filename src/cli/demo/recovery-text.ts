/** The sentence that the demo prints when shards have recovered from a fault. */
import { formatCount, formatMs } from '../../inspect/page/model/format.ts';
import type { DeliveryCounts } from './delivery-counter.ts';
import type { Recovery } from './recovery.ts';

const replayedText = (replayed: number): string =>
  replayed > 0 ? `, ${formatCount(replayed, 'dispatch')} replayed` : '';

export function recoveryText(
  { fault, outcome, noticedMs, backMs, replayed, attempts }: Recovery,
  deliveries: string,
): string {
  const beginning = `the gateway ${fault.pastText}; the shard noticed after ${formatMs(noticedMs)}`;
  if (outcome === 'not recovered') return `${beginning} and did not recover`;
  const attemptText = attempts > 1 ? ` at attempt ${attempts}` : '';
  const outcomeText = `${outcome === 'resumed' ? 'resumed' : 'started a new session'}${attemptText} after ${formatMs(backMs)}`;
  const mismatchText =
    outcome === fault.expected
      ? ''
      : `, but should have ${fault.expected === 'resumed' ? 'resumed' : 'started a new session'}`;
  return `${beginning}, ${outcomeText}${mismatchText}${replayedText(replayed)}, ${deliveries}`;
}

export function managerRecoveryText(recoveries: readonly Recovery[], deliveries: string): string {
  const [first] = recoveries;
  if (first === undefined) return deliveries;
  const { fault } = first;
  const maxText = (figure: 'noticedMs' | 'backMs'): string =>
    formatMs(Math.max(...recoveries.map((recovery) => recovery[figure])));
  const recovered = recoveries.filter(({ outcome }) => outcome === fault.expected).length;
  const how = fault.expected === 'resumed' ? 'resumed' : 'started new sessions';
  const replayed = recoveries.reduce((sum, recovery) => sum + recovery.replayed, 0);
  return (
    `the gateway ${fault.pastText}; noticed after ${maxText('noticedMs')}, ` +
    `${recovered} of ${formatCount(recoveries.length, 'shard')} ${how} within ${maxText('backMs')}` +
    `${replayedText(replayed)}, ${deliveries}`
  );
}

/** Returns how the dispatches arrived around one fault; `flawsBefore` counts the flaws before it. */
export function deliveryText(
  { missing, duplicates, outOfOrder, flaws }: DeliveryCounts,
  flawsBefore: number,
  arrived: boolean,
): string {
  if (!arrived) return 'but the last dispatches did not arrive';
  if (flaws === flawsBefore) return 'nothing lost';
  return `${missing} lost, ${duplicates} twice, ${outOfOrder} out of order so far`;
}
