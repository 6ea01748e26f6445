/** Samples what this process does, and sums up the samples by part. */
import { Session } from 'node:inspector/promises';
import type { HeapProfiler, Profiler } from 'node:inspector';

/** The parts. A builtin without its own stack frame, such as `JSON.parse`, counts for its caller. */
export const PARTS = ['socket', 'inflate', 'text', 'parse', 'client', 'collector', 'rest'] as const;
export type Part = (typeof PARTS)[number];

export interface CpuProfile {
  /** The time of each part, in µs. */
  readonly us: Readonly<Record<Part, number>>;
}

interface Frame {
  readonly functionName: string;
  readonly url: string;
}

/** The first matching rule decides. `null`: the time does not count. */
const RULES: readonly (readonly [Part | null, functionName: RegExp, url: RegExp])[] = [
  // Idle time, and the profiler itself.
  [null, /^\(idle\)$/, /^$/],
  [null, /^post$/, /^node:inspector/],
  ['collector', /^\(garbage collector\)$/, /^$/],
  ['inflate', /^(?:writeSync|write|processCallback)$/, /^$|^node:zlib$/],
  ['text', /^(?:toString|utf8Slice|latin1Slice|utf8ToString)$/, /^$|^node:buffer$/],
  // Each of these functions calls JSON.parse and does little else.
  ['parse', /^(?:parsePacket|parseInChunks)$/, /\/src\/decoding\/parse-packet\.ts$/],
  ['parse', /./, /\/adapters\/floor\.ts$/],
  ['client', /^(?:now|indexOfBuffer)$/, /^$/],
  ['client', /./, /\/src\/|^wasm:/],
  ['rest', /^\(program\)$/, /^$/],
  ['socket', /./, /\/node_modules\/ws\/|^node:|^$/],
];

const partOf = ({ functionName, url }: Frame): Part | null => {
  const rule = RULES.find(([, name, file]) => name.test(functionName || '(anonymous)') && file.test(url));
  return rule === undefined ? 'rest' : rule[0];
};

function sumUp({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): CpuProfile {
  const parts = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]));
  const us = Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>;
  for (const [index, id] of samples.entries()) {
    const part = parts.get(id) ?? null;
    if (part !== null) us[part] += timeDeltas[index] ?? 0;
  }
  return { us };
}

const bytesOf = ({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number =>
  children.reduce((sum, child) => sum + bytesOf(child), selfSize);

const CPU_INTERVAL_US = 200;
const HEAP_INTERVAL_BYTES = 16_384;

export class Sampler {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
  }

  async startCpu(): Promise<void> {
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: CPU_INTERVAL_US });
    await this.#session.post('Profiler.start');
  }

  async stopCpu(): Promise<CpuProfile> {
    const { profile } = await this.#session.post('Profiler.stop');
    return sumUp(profile);
  }

  /** Counts all allocations on the heap, also those that are collected meanwhile. */
  async startHeap(): Promise<void> {
    const options = {
      samplingInterval: HEAP_INTERVAL_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    };
    await this.#session.post('HeapProfiler.startSampling', options);
  }

  async stopHeap(): Promise<{ allocatedBytes: number }> {
    const { profile } = await this.#session.post('HeapProfiler.stopSampling');
    return { allocatedBytes: bytesOf(profile.head) };
  }
}
