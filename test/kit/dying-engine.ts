/** An engine whose process ends at once when it gets a permit to IDENTIFY, before the permit is used. */
import type { Engine } from '../../src/cluster/ports/engine.ts';

export const dyingEngine = (engine: Engine): Engine => ({
  kind: engine.kind,
  leaseTtlMs: engine.leaseTtlMs,
  open: async (options) => {
    const connection = await engine.open(options);
    const { identifyGate } = connection;
    const acquire = identifyGate.acquire.bind(identifyGate);
    identifyGate.acquire = async (request) => {
      const permit = await acquire(request);
      process.kill(process.pid, 'SIGKILL');
      return permit;
    };
    return connection;
  },
});
