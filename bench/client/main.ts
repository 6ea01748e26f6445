/** The process of a client: one per case and round, so that heaps and compiled code don't mix. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../rpc.ts';
import { useNativeZlib } from './native-zlib.ts';
import { Sampler } from './profiler.ts';
import type { CpuProfile } from './profiler.ts';
import type { CreateSubject, Event, Subject, SubjectOptions } from './subject.ts';
import { Tally } from './tally.ts';
import type { Count, Counted } from './tally.ts';

export interface Load {
  /** The file in `subjects/`. */
  readonly subject: string;
  readonly nativeZlib: boolean;
}

export interface Memory {
  readonly heapKiB: number;
  readonly rssKiB: number;
}

const BYTES_PER_KIB = 1_024;
const NS_PER_MS = 1e6;
const DELAY_RESOLUTION_MS = 1;

let create: CreateSubject | null = null;
let subject: Subject | null = null;
let reads = true;
let tally: Tally | null = null;
let sampler: Sampler | null = null;

/** Made when it is asked for: an inspector in the process is not free. */
function theSampler(): Sampler {
  sampler ??= new Sampler();
  return sampler;
}

const procedures = {
  load: async ({ subject: name, nativeZlib }: Load): Promise<void> => {
    if (nativeZlib) useNativeZlib();
    ({ create } = (await import(`./subjects/${name}.ts`)) as { create: CreateSubject });
  },
  connect: async (options: Omit<SubjectOptions, 'onDispatch'>): Promise<void> => {
    reads = options.variant !== 'unread';
    subject = (await create?.({ ...options, onDispatch: (event: Event) => tally?.take(event) })) ?? null;
    await subject?.connect();
  },
  arm: (expected: Count): void => {
    tally = new Tally(reads, expected);
  },
  arrived: async (): Promise<Counted> => {
    if (tally === null) throw new Error('nothing is counted');
    return tally.counted;
  },
  /** The longest the event loop was held until all has arrived, in ms. */
  longestBlockMs: async (): Promise<number> => {
    const histogram = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
    histogram.enable();
    await tally?.counted;
    // The last block is only told once the loop turns.
    await sleep(2 * DELAY_RESOLUTION_MS);
    histogram.disable();
    return histogram.max / NS_PER_MS;
  },
  startCpuProfile: (): Promise<void> => theSampler().startCpu(),
  stopCpuProfile: (): Promise<CpuProfile> => theSampler().stopCpu(),
  startHeapProfile: (): Promise<void> => theSampler().startHeap(),
  stopHeapProfile: (): Promise<{ allocatedBytes: number }> => theSampler().stopHeap(),
  memory: async (): Promise<Memory> => {
    for (let times = 0; times < 3; times += 1) {
      globalThis.gc?.();
      await sleep(20);
    }
    const { heapUsed, rss } = process.memoryUsage();
    return { heapKiB: heapUsed / BYTES_PER_KIB, rssKiB: rss / BYTES_PER_KIB };
  },
};

export type ClientProcedures = typeof procedures;

serve(procedures);
