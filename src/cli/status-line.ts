/** Where the shard is right now, in numbers. */
import type { InspectedShard, InspectionObserver } from '../index.ts';
import { LiveLine, Rate } from './live-line.ts';
import { STATE_STYLES } from './state-styles.ts';
import { duration, grouped } from './words.ts';

const LONGEST_STATE = Math.max(...Object.keys(STATE_STYLES).map((state) => state.length));

export class StatusLine extends LiveLine {
  #shard: InspectedShard | null = null;
  readonly #rate = new Rate();

  /** For the option `inspect` of the shard to be shown. */
  readonly inspect: InspectionObserver = {
    attach: (shard) => {
      this.#shard = shard;
    },
  };

  protected override line(width: number): string | null {
    if (this.#shard === null) return null;
    const { state } = this.#shard;
    const rest = ` ${this.#numbers(this.#shard).join(' · ')}`.slice(0, Math.max(0, width - LONGEST_STATE - 2));
    return `${this.stream.paint(STATE_STYLES[state], `● ${state.padEnd(LONGEST_STATE)}`)}${this.stream.paint('dim', rest)}`;
  }

  #numbers(shard: InspectedShard): string[] {
    const { pingMs, sequence, sendWindow, pendingSends, identifyQueue } = shard;
    return [
      `ping ${pingMs === null ? '–' : duration(pingMs)}`,
      `${grouped(Math.round(this.#rate.perSecond(sequence ?? 0)))}/s`,
      `seq ${sequence === null ? '–' : grouped(sequence)}`,
      `sent ${sendWindow?.used ?? 0}/${sendWindow?.limit ?? 120} in 60 s${pendingSends === 0 ? '' : `, ${pendingSends} waiting`}`,
      ...(identifyQueue === null ? [] : [`${grouped(identifyQueue.remaining)} session starts left`]),
    ];
  }
}
