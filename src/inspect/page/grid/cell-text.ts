/** What a cell of the grid says in words. */
import type { ShardSummary } from '../../messages.ts';
import { formatDuration, formatMs, formatNumber, formatRate } from '../model/format.ts';
import type { GridCell } from './cell-groups.ts';

const SEPARATOR = '  ·  ';

export function shardText(name: string, shard: ShardSummary, node: string | null, now: number): string {
  const { state, since, pingMs, dispatchesPerSecond, sequence, lastDispatchAt, shardCount } = shard;
  const age = lastDispatchAt === null ? '' : `, last dispatch ${formatMs(Math.max(0, now - lastDispatchAt))} ago`;
  return [
    `Shard ${name} of ${formatNumber(shardCount)}`,
    ...(node === null ? [] : [`on ${node}`]),
    `${state} for ${formatDuration(now - since)}`,
    pingMs === null ? 'no ping' : `ping ${formatMs(pingMs)}`,
    `${formatRate(dispatchesPerSecond)} dispatches/s`,
    sequence === null ? 'no sequence' : `sequence ${formatNumber(sequence)}${age}`,
  ].join(SEPARATOR);
}

/** For a shard that does not run here. */
export const distantText = ({ shardId, node, isHere }: GridCell): string =>
  (node === null
    ? [`Shard ${shardId}`, 'no node holds it']
    : [
        `Shard ${shardId}`,
        `on ${node}`,
        isHere ? 'it does not run at present' : 'only the inspector of that node knows its state',
      ]
  ).join(SEPARATOR);
