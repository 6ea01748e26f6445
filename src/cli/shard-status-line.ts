/** Where the shard is right now, in numbers. */
import type { InspectedShard, InspectionObserver } from '../index.ts';
import { LiveLine, Rate } from './live-line.ts';
import { STATE_STYLES } from './state-styles.ts';
import { formatMs, formatNumber } from '../inspect/page/model/format.ts';

const MAX_STATE_LENGTH = Math.max(...Object.keys(STATE_STYLES).map((state) => state.length));

export class ShardStatusLine extends LiveLine {
  #shard: InspectedShard | null = null;
  readonly #rate = new Rate();

  /** For the option `inspect` of the shard to be shown. */
  readonly inspect: InspectionObserver = {
    attach: (shard) => {
      this.#shard = shard;
    },
  };

  protected override renderLine(width: number): string | null {
    if (this.#shard === null) return null;
    const { state } = this.#shard;
    const rest = ` ${this.#figures(this.#shard).join(' · ')}`.slice(0, Math.max(0, width - MAX_STATE_LENGTH - 2));
    return `${this.output.colorize(STATE_STYLES[state], `● ${state.padEnd(MAX_STATE_LENGTH)}`)}${this.output.colorize('dim', rest)}`;
  }

  #figures(shard: InspectedShard): string[] {
    const { pingMs, sequence, sendWindow, pendingSends, identifyQueue } = shard;
    return [
      `ping ${pingMs === null ? '–' : formatMs(pingMs)}`,
      `${formatNumber(this.#rate.perSecond(sequence ?? 0))}/s`,
      `seq ${sequence === null ? '–' : formatNumber(sequence)}`,
      `sent ${sendWindow?.used ?? 0}/${sendWindow?.limit ?? 120} in 60 s${pendingSends === 0 ? '' : `, ${pendingSends} waiting`}`,
      ...(identifyQueue === null ? [] : [`${formatNumber(identifyQueue.remaining)} session starts left`]),
    ];
  }
}
