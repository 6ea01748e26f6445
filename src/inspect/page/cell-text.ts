/** What a cell of the grid stands for, in a line. */
import type { ShardSummary } from '../messages.ts';
import { grouped, lasting, milliseconds, rate } from './format.ts';

export function cellText(name: string, shard: ShardSummary, now: number): string {
  const { state, since, pingMs, dispatchesPerSecond, sequence, lastDispatchAt, shardCount } = shard;
  const age = lastDispatchAt === null ? '' : `, ${milliseconds(Math.max(0, now - lastDispatchAt))} old`;
  return [
    `Shard ${name} of ${grouped(shardCount)}`,
    `${state} for ${lasting(now - since)}`,
    pingMs === null ? 'no ping' : `ping ${milliseconds(pingMs)}`,
    `${rate(dispatchesPerSecond)} dispatches/s`,
    sequence === null ? 'no sequence' : `sequence ${grouped(sequence)}${age}`,
  ].join('  ·  ');
}
