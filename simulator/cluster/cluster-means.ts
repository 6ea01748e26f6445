/** How long the runs of each kind of cluster are, and how many faults happen in them: the table of `simulator/README.md`. */
import type { ClusterResult } from './cluster-run.ts';

interface Sums {
  runs: number;
  hours: number;
  shardHours: number;
  faults: number;
}

const KINDS = ['small', 'large'] as const;

const kindOf = ({ setting: { calmMs } }: ClusterResult): (typeof KINDS)[number] => (calmMs === 0 ? 'small' : 'large');

export class ClusterMeans {
  readonly #sums = new Map<string, Sums>();

  add(result: ClusterResult): void {
    const { shards } = result.setting;
    const kind = kindOf(result);
    const sums = this.#sums.get(kind) ?? { runs: 0, hours: 0, shardHours: 0, faults: 0 };
    sums.runs += 1;
    sums.hours += result.shardHours / shards;
    sums.shardHours += result.shardHours;
    sums.faults += result.faults;
    this.#sums.set(kind, sums);
  }

  /** One line for each kind of which there was a cluster. */
  get lines(): string[] {
    return KINDS.flatMap((kind) => {
      const sums = this.#sums.get(kind);
      if (sums === undefined) return [];
      const { runs, hours, shardHours, faults } = sums;
      const minutes = (hours * 60) / runs;
      return [
        `${kind}: ${runs} clusters of ${minutes.toFixed(0)} min on average, ${(faults / runs).toFixed(0)} faults a run, ` +
          `${(faults / hours).toFixed(1)} an hour, ${(faults / shardHours).toFixed(2)} a shard-hour`,
      ];
    });
  }
}
