/** The process of a client: one per case and round, so that heaps and compiled code don't mix. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics, writeHeapSnapshot } from 'node:v8';
import { serve } from '../rpc.ts';
import { useNativeZlib } from './native-zlib.ts';
import { Sampler } from './profiler.ts';
import type { CpuProfile } from './profiler.ts';
import type { CreateAdapter, Event, ClientAdapter, AdapterOptions } from './adapter.ts';
import { DispatchCounter } from './dispatch-counter.ts';
import type { ExpectedDispatches, CountResult } from './dispatch-counter.ts';

export interface Load {
  /** The file in `adapters/`. */
  readonly adapter: string;
  readonly nativeZlib: boolean;
}

/** What a process holds when nothing is left to collect, and V8 has given back the room it keeps for new objects. */
export interface Memory {
  readonly heapKiB: number;
  /** Of it, all but code: what V8 has compiled grows for as long as it finds something to make faster. */
  readonly objectsKiB: number;
  readonly rssKiB: number;
  /** Before anything was collected and given back. */
  readonly rssAtOnceKiB: number;
}

const BYTES_PER_KIB = 1_024;
const NS_PER_MS = 1e6;
const DELAY_RESOLUTION_MS = 1;
/** V8's spaces for machine code, and for bytecode and what belongs to it. */
const CODE_SPACE = /code|trusted/;

let create: CreateAdapter | null = null;
let adapter: ClientAdapter | null = null;
let readsData = true;
let counter: DispatchCounter | null = null;
let sampler: Sampler | null = null;

/** Made when it is asked for: an inspector in the process is not free. */
function getSampler(): Sampler {
  sampler ??= new Sampler();
  return sampler;
}

const procedures = {
  load: async ({ adapter: name, nativeZlib }: Load): Promise<void> => {
    if (nativeZlib) useNativeZlib();
    ({ create } = (await import(`./adapters/${name}.ts`)) as { create: CreateAdapter });
  },
  connect: async (options: Omit<AdapterOptions, 'onDispatch'>): Promise<void> => {
    readsData = options.variant !== 'unread';
    adapter = (await create?.({ ...options, onDispatch: (event: Event) => counter?.record(event) })) ?? null;
    await adapter?.connect();
  },
  arm: (expected: ExpectedDispatches): void => {
    counter = new DispatchCounter(readsData, expected);
  },
  arrived: async (): Promise<CountResult> => {
    if (counter === null) throw new Error('nothing is counted');
    return counter.result;
  },
  /** The longest the event loop was held until all has arrived, in ms. */
  longestBlockMs: async (): Promise<number> => {
    const histogram = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
    histogram.enable();
    await counter?.result;
    // The last block is only told once the loop turns.
    await sleep(2 * DELAY_RESOLUTION_MS);
    histogram.disable();
    return histogram.max / NS_PER_MS;
  },
  startCpuProfile: (): Promise<void> => getSampler().startCpu(),
  stopCpuProfile: (): Promise<CpuProfile> => getSampler().stopCpu(),
  startHeapProfile: (): Promise<void> => getSampler().startHeap(),
  stopHeapProfile: (): Promise<{ allocatedBytes: number }> => getSampler().stopHeap(),
  memory: async (): Promise<Memory> => {
    const rssAtOnce = process.memoryUsage.rss();
    for (let times = 0; times < 3; times += 1) {
      // Else the room V8 keeps for new objects would be counted, which the number of shards says nothing about.
      await globalThis.gc?.({ type: 'major', execution: 'async', flavor: 'last-resort' });
      await sleep(20);
    }
    const { heapUsed, rss } = process.memoryUsage();
    const objects = getHeapSpaceStatistics().filter(({ space_name: name }) => !CODE_SPACE.test(name));
    return {
      heapKiB: heapUsed / BYTES_PER_KIB,
      objectsKiB: objects.reduce((sum, { space_used_size: bytes }) => sum + bytes, 0) / BYTES_PER_KIB,
      rssKiB: rss / BYTES_PER_KIB,
      rssAtOnceKiB: rssAtOnce / BYTES_PER_KIB,
    };
  },
  heapSnapshot: (file: string): void => void writeHeapSnapshot(file),
};

export type ClientProcedures = typeof procedures;

serve(procedures);
