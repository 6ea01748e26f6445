/** The balance at the end of the demo of a cluster: what was sent, what is in the streams, and what was delivered. */
import { formatMs, formatNumber } from '../../../inspect/page/model/format.ts';
import type { Colorize } from '../../colors.ts';
import { table } from '../../table.ts';

export interface ClusterBalance {
  readonly sent: number;
  readonly stored: number;
  readonly repeated: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly firstIdentifies: number;
  readonly laterIdentifies: number;
  readonly resumes: number;
  /** The rules of the gateway that a shard broke, and what did not happen in time. */
  readonly problems: readonly string[];
  readonly durationMs: number;
}

export const holds = ({
  sent,
  stored,
  repeated,
  delivered,
  duplicates,
  laterIdentifies,
  problems,
}: ClusterBalance): boolean =>
  sent > 0 && stored === sent && delivered === sent && repeated + duplicates + laterIdentifies + problems.length === 0;

export function balanceLines(balance: ClusterBalance, colorize: Colorize): string[] {
  const { sent, stored, repeated, delivered, duplicates, firstIdentifies, laterIdentifies, resumes } = balance;
  const rows: [string, number, string][] = [
    ['sent', sent, 'dispatches that the gateway has sent'],
    ['in the stream', stored, 'of them, stored until a consumer has handled them'],
    ['delivered', delivered, 'of them, handled by the consumer'],
    ['lost', sent - Math.min(stored, delivered), ''],
    ['twice', repeated + duplicates, 'in the stream, or delivered'],
    ['IDENTIFYs', firstIdentifies, 'at the start, one for each shard'],
    ['', laterIdentifies, 'after it'],
    ['RESUMEs', resumes, 'each time a shard moved'],
  ];
  const aligned = table(
    rows.map(([name, count, text]) => [name, formatNumber(count), text]),
    new Set([0, 2]),
  );
  const verdict = holds(balance)
    ? colorize(['green', 'bold'], '★ The balance holds: sent = in the stream = delivered. Exit code 0.')
    : colorize(['red', 'bold'], '✗ The balance does not hold. Exit code 1.');
  return [
    '',
    colorize('bold', `The balance of ${formatMs(balance.durationMs)}`),
    '',
    ...aligned.map((line) => `  ${line}`),
    ...balance.problems.map((problem) => `  ${colorize('red', `problem: ${problem}`)}`),
    '',
    `  ${verdict}`,
    '',
  ];
}
