/** The memory engine does what every engine does. */
import { describe, expect, test } from 'vitest';
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
import { VirtualClock, engineConformance } from '../../src/testing/index.ts';

describe('the memory engine', () => {
  test.each(engineConformance)('$title', async ({ run }) => {
    const clock = new VirtualClock();
    const server = new MemoryServer({ leaseTtlMs: 12_000, clock });
    const context = {
      engine: new MemoryLine(server),
      now: () => clock.now(),
      wait: (ms: number) => clock.advanceAsync(ms),
      forget: async () => server.empty(),
    };
    await expect(run(context)).resolves.toBeUndefined();
  });
});
