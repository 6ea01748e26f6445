/** The engine within one process. What it needs is loaded when it is opened. */
import { systemClock } from '../../clock.ts';
import type { Clock } from '../../clock.ts';
import { assertOption, isTimeout } from '../../protocol/validation.ts';
import type { Engine } from '../ports/engine.ts';

/** Options of {@link memoryEngine}. */
export interface MemoryEngineOptions {
  /**
   * How long a lease is valid after its last renewal, in ms. A node that stops answering is replaced after this time.
   * Lower it in tests.
   * @defaultValue `12_000`
   */
  leaseTtlMs?: number;
  /**
   * The source of time. Replace it in tests.
   * @defaultValue `systemClock`
   */
  clock?: Clock;
}

/**
 * Returns an engine that keeps everything in this process. Managers and consumers that are given the same one are nodes
 * and consumers of one bot. It is for tests and for trying things out: when the process ends, it forgets everything.
 *
 * @example
 * ```ts
 * const engine = memoryEngine();
 * const first = new ShardManager({ token, intents, engine, node: 'first' });
 * const second = new ShardManager({ token, intents, engine, node: 'second' });
 * ```
 * @throws {@link GatewayError} `INVALID_OPTIONS`, naming the option.
 */
export function memoryEngine(options: MemoryEngineOptions = {}): Engine {
  const { leaseTtlMs = 12_000, clock = systemClock } = options;
  assertOption(isTimeout(leaseTtlMs), 'memoryEngine: leaseTtlMs must be a positive number of ms');
  let line: Promise<Engine> | undefined;
  return {
    kind: 'memory',
    leaseTtlMs,
    open: async (openOptions) => {
      line ??= createLine(leaseTtlMs, clock);
      return (await line).open(openOptions);
    },
  };
}

async function createLine(leaseTtlMs: number, clock: Clock): Promise<Engine> {
  const [{ MemoryLine }, { MemoryServer }] = await Promise.all([
    import('./memory-line.ts'),
    import('./memory-server.ts'),
  ]);
  return new MemoryLine(new MemoryServer({ leaseTtlMs, clock }));
}
