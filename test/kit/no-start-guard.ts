/** Lets every session start pass, for tests of what comes before and after. */
import { StartGuard } from '../../src/identify/start-guard.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

export const noStartGuard = (): StartGuard =>
  new StartGuard({
    clock: new VirtualClock(),
    store: { hasStarts: false, loadStarts: async () => [], saveStarts: async () => undefined },
    policy: null,
    report: () => undefined,
  });
