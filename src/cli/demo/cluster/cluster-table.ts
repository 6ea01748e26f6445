/** Draws which node has which shard: a row for each node, a column for each shard. */
import { formatCount } from '../../../inspect/page/model/format.ts';
import type { Colorize, Style } from '../../colors.ts';
import type { ClusterState, NodeCondition, NodeRow } from './cluster-state.ts';

const NAME_WIDTH = 10;
const CELL_WIDTH = 3;
const INDENT = '  ';

const STYLES: Readonly<Record<NodeCondition, Style>> = {
  starting: 'yellow',
  running: 'green',
  stopping: 'yellow',
  frozen: 'cyan',
  killed: 'red',
};

function noteOf({ condition, shards }: NodeRow): string {
  const count = formatCount(shards.size, 'shard');
  if (condition === 'running') return count;
  if (condition === 'frozen') return `frozen, and believes that it has ${count}`;
  return condition;
}

function cellOf({ condition, shards }: NodeRow, shardId: number): string {
  const isReady = shards.get(shardId);
  if (isReady === undefined) return '·';
  if (condition === 'frozen') return '?';
  return isReady ? '■' : '□';
}

/** @param maxWidth - notes are cut there, so that no line wraps */
export function clusterTable({ rows, total }: ClusterState, colorize: Colorize, maxWidth = Infinity): string[] {
  const ids = Array.from({ length: total }, (_, shardId) => shardId);
  const heading = `${'shard'.padEnd(NAME_WIDTH)}${ids.map((id) => String(id).padStart(CELL_WIDTH)).join('')}`;
  const noteWidth = Math.max(0, maxWidth - INDENT.length - NAME_WIDTH - CELL_WIDTH * total - 3);
  const lines = rows.map((row) => {
    const cells = ids.map((id) => cellOf(row, id).padStart(CELL_WIDTH)).join('');
    return `${row.name.padEnd(NAME_WIDTH)}${colorize(STYLES[row.condition], cells)}   ${noteOf(row).slice(0, noteWidth)}`;
  });
  return ['', colorize('dim', heading), ...lines, ''].map((line) => `${INDENT}${line}`.trimEnd());
}
