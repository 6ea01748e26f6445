/** What a cell of the grid stands for, in a line. */
import type { ShardSummary } from '../../messages.ts';
import { formatNumber, formatDuration, formatMs, formatRate } from '../model/format.ts';

export function cellText(name: string, shard: ShardSummary, now: number): string {
  const { state, since, pingMs, dispatchesPerSecond, sequence, lastDispatchAt, shardCount } = shard;
  const age = lastDispatchAt === null ? '' : `, ${formatMs(Math.max(0, now - lastDispatchAt))} old`;
  return [
    `Shard ${name} of ${formatNumber(shardCount)}`,
    `${state} for ${formatDuration(now - since)}`,
    pingMs === null ? 'no ping' : `ping ${formatMs(pingMs)}`,
    `${formatRate(dispatchesPerSecond)} dispatches/s`,
    sequence === null ? 'no sequence' : `sequence ${formatNumber(sequence)}${age}`,
  ].join('  ·  ');
}
