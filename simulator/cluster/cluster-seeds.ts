/** Runs the clusters of many seeds on several threads, or prints the trace of one. */
import { isObject } from '../../src/protocol/validation.ts';
import { runInThreads } from '../pool.ts';
import { ClusterMeans } from './cluster-means.ts';
import { runCluster } from './cluster-run.ts';
import type { ClusterResult } from './cluster-run.ts';
import { traceCluster } from './cluster-trace.ts';

/** More violations would rarely say something new. */
const MAX_VIOLATIONS = 10;
const PROGRESS_EVERY_MS = 10_000;

type Write = (line: string) => void;

function failureText({ setting, violation }: ClusterResult): string {
  const at = ((violation?.at ?? 0) / 1000).toFixed(3);
  return [
    `Seed ${setting.seed}: ${violation?.check} is violated after ${at} s: ${violation?.what}`,
    `  npm run sim -- --cluster --seed ${setting.seed} --trace`,
  ].join('\n');
}

/** Threads and the pool ignore messages of Node. */
const isClusterResult = (message: unknown): message is ClusterResult =>
  isObject(message) && isObject(message['setting']) && typeof message['shardHours'] === 'number';

interface ClusterSeeds {
  readonly firstSeed: number;
  readonly wantedHours: number;
  readonly workers: number;
  readonly write: Write;
}

/** Returns whether no check was violated. */
export async function simulateClusters({ firstSeed, wantedHours, workers, write }: ClusterSeeds): Promise<boolean> {
  let hours = 0;
  let stormyHours = 0;
  let faults = 0;
  let clusters = 0;
  let violations = 0;
  const means = new ClusterMeans();
  let saidAt = performance.now();
  const say = (): void => {
    saidAt = performance.now();
    write(
      `${clusters} clusters, ${hours.toFixed(1)} virtual shard-hours, ${stormyHours.toFixed(1)} of them in storms, ` +
        `${faults} faults, ${violations} violations`,
    );
  };
  await runInThreads(new URL('./cluster-worker.ts', import.meta.url), isClusterResult, {
    workers,
    firstSeed,
    shouldContinue: () => hours < wantedHours && violations < MAX_VIOLATIONS,
    onResult: (result) => {
      hours += result.shardHours;
      stormyHours += result.stormyShardHours;
      faults += result.faults;
      clusters += 1;
      means.add(result);
      if (result.violation !== null) {
        violations += 1;
        write(failureText(result));
      }
      if (hours < wantedHours && performance.now() - saidAt > PROGRESS_EVERY_MS) say();
    },
  });
  say();
  for (const line of means.lines) write(line);
  return violations === 0;
}

/** Returns whether no check was violated. */
export async function traceClusterSeed(seed: number, write: Write): Promise<boolean> {
  const result = await runCluster(seed, { observe: (world) => traceCluster(world, write) });
  write(JSON.stringify(result.setting));
  write(result.violation === null ? `Seed ${seed} violates no check.` : failureText(result));
  return result.violation === null;
}
