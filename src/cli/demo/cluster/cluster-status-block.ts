/** The live table below the log: which node has which shard, and what has been counted so far. On a terminal only. */
import { formatNumber } from '../../../inspect/page/model/format.ts';
import { LiveLine } from '../../live-line.ts';
import type { OutputLog } from '../../output-log.ts';
import type { ClusterDemo } from './cluster-demo.ts';
import { clusterTable } from './cluster-table.ts';

export class ClusterStatusBlock extends LiveLine implements Disposable {
  readonly #demo: ClusterDemo;

  constructor(demo: ClusterDemo, output: OutputLog) {
    super(output);
    this.#demo = demo;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  protected renderLine(width: number): string {
    const { state, options } = this.#demo;
    const { totals } = options.counts;
    const { identifies, resumes } = options.gateway.stats;
    const figures = [
      `${formatNumber(totals.sent)} sent`,
      `${formatNumber(totals.received)} delivered`,
      `${formatNumber(totals.duplicates)} twice`,
      `${formatNumber(identifies)} IDENTIFYs`,
      `${formatNumber(resumes)} RESUMEs`,
    ];
    const lines = clusterTable(state, this.output.colorize, width);
    return [...lines, `  ${figures.join(' · ')}`.slice(0, width)].join('\n');
  }
}
