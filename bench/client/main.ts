/** The process of a client. Each case and round gets its own, so that heaps and compiled code don't mix. */
import { flushCompileCache } from 'node:module';
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

/** The memory of a process after a full garbage collection, which also releases the space for new objects. */
export interface Memory {
  readonly heapKiB: number;
  /** The heap without code. V8 compiles more code for as long as it finds something to optimise. */
  readonly objectsKiB: number;
  readonly rssKiB: number;
  /** The RSS before that garbage collection. */
  readonly rssBeforeGcKiB: number;
}

const BYTES_PER_KIB = 1_024;
const NS_PER_MS = 1e6;
const DELAY_RESOLUTION_MS = 1;
/** V8's heap spaces for machine code and bytecode. */
const CODE_SPACE = /code|trusted/;

let create: CreateAdapter | null = null;
let adapter: ClientAdapter | null = null;
let readsData = true;
let counter: DispatchCounter | null = null;
let sampler: Sampler | null = null;

/** Creates the sampler on first use, because an inspector in the process has a cost. */
function getSampler(): Sampler {
  sampler ??= new Sampler();
  return sampler;
}

const procedures = {
  load: async ({ adapter: name, nativeZlib }: Load): Promise<void> => {
    if (nativeZlib) useNativeZlib();
    ({ create } = (await import(`./adapters/${name}.ts`)) as { create: CreateAdapter });
    // As in serve(): before anything is measured.
    flushCompileCache();
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
    if (counter === null) throw new Error('call arm first');
    return counter.result;
  },
  /** Resolves with the max time that the event loop was blocked until everything arrived, in ms. */
  maxBlockMs: async (): Promise<number> => {
    const histogram = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
    histogram.enable();
    await counter?.result;
    // The histogram gets the last block only at the next turn of the event loop.
    await sleep(2 * DELAY_RESOLUTION_MS);
    histogram.disable();
    return histogram.max / NS_PER_MS;
  },
  startCpuProfile: (): Promise<void> => getSampler().startCpu(),
  stopCpuProfile: (): Promise<CpuProfile> => getSampler().stopCpu(),
  startHeapProfile: (): Promise<void> => getSampler().startHeap(),
  stopHeapProfile: (): Promise<{ allocatedBytes: number }> => getSampler().stopHeap(),
  memory: async (): Promise<Memory> => {
    const rssBeforeGc = process.memoryUsage.rss();
    for (let times = 0; times < 3; times += 1) {
      // Otherwise the figures would include V8's space for new objects, which does not depend on the shards.
      await globalThis.gc?.({ type: 'major', execution: 'async', flavor: 'last-resort' });
      await sleep(20);
    }
    const { heapUsed, rss } = process.memoryUsage();
    const objects = getHeapSpaceStatistics().filter(({ space_name: name }) => !CODE_SPACE.test(name));
    return {
      heapKiB: heapUsed / BYTES_PER_KIB,
      objectsKiB: objects.reduce((sum, { space_used_size: bytes }) => sum + bytes, 0) / BYTES_PER_KIB,
      rssKiB: rss / BYTES_PER_KIB,
      rssBeforeGcKiB: rssBeforeGc / BYTES_PER_KIB,
    };
  },
  collectGarbage: async (): Promise<void> => {
    await globalThis.gc?.({ type: 'major', execution: 'async' });
  },
  /** Returns the CPU time of this process so far. */
  cpuUs: (): number => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  heapSnapshot: (file: string): void => void writeHeapSnapshot(file),
};

export type ClientProcedures = typeof procedures;

serve(procedures);
