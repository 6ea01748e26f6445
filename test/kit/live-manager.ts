/** A manager on real sockets to a strict FakeGateway, with short times. */
import { MemoryIdentifyGate, ShardManager } from '../../src/index.ts';
import type { ManagerEvents, ManagerOptions, ManagerState } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeGatewayOptions, OracleRule } from '../../src/testing/index.ts';
import { expectNoViolations } from './expect-no-violations.ts';
import { QUICK } from './timing.ts';
import { TOKEN } from './virtual-shard.ts';

export const quickGate = (): MemoryIdentifyGate =>
  new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0, total: 10_000, maxConcurrency: 16 });

/** The number of workers of every manager that is created without this option. */
export const defaultPlacement = { workers: 0 };

export function quickManager(gateway: FakeGateway, options: Partial<ManagerOptions> = {}): ShardManager {
  const manager = new ShardManager({
    token: TOKEN,
    intents: ['Guilds'],
    api: gateway.apiUrl,
    timing: QUICK,
    identifyGate: quickGate(),
    ...defaultPlacement,
    ...options,
  });
  // Without a listener a failure is written to stderr.
  manager.on('failed', () => undefined);
  return manager;
}

/** A hand-over sends heartbeats of its own, which the oracle can't distinguish from scheduled ones. */
export const RULES_BROKEN_BY_HAND_OVER: readonly OracleRule[] = ['heartbeat-pace', 'zombie-heartbeat'];

/** Fails at the end if the gateway has recorded a violation of a rule other than the `broken` ones. */
export async function liveManager(
  options: Partial<ManagerOptions> = {},
  gatewayOptions: FakeGatewayOptions = {},
  { broken = [] }: { broken?: readonly OracleRule[] } = {},
) {
  const gateway = await FakeGateway.listen({
    token: TOKEN,
    heartbeatIntervalMs: 1_000,
    identifyIntervalMs: 0,
    strict: true,
    ...gatewayOptions,
  });
  const manager = quickManager(gateway, options);
  return {
    gateway,
    manager,
    async [Symbol.asyncDispose]() {
      await manager.disconnect();
      await gateway.close();
      expectNoViolations(gateway.complaints, broken);
    },
  };
}

/** Resolves with the arguments of the next event that matches. */
export const nextEvent = <Name extends keyof ManagerEvents>(
  manager: ShardManager,
  name: Name,
  matches: (...args: ManagerEvents[Name]) => boolean = () => true,
): Promise<ManagerEvents[Name]> =>
  new Promise((resolve) => {
    const listener = (...args: ManagerEvents[Name]): void => {
      if (!matches(...args)) return;
      manager.off(name, listener);
      resolve(args);
    };
    manager.on(name, listener);
  });

/** Returns a list that grows with each state of the manager. */
export const states = (manager: ShardManager): ManagerState[] => {
  const seen: ManagerState[] = [manager.state];
  manager.actor.subscribe(() => {
    if (manager.state !== seen.at(-1)) seen.push(manager.state);
  });
  return seen;
};
