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

/** Where the shards of all managers live that do not say. */
export const defaultPlacement = { workers: 0 };

export const quickManager = (gateway: FakeGateway, options: Partial<ManagerOptions> = {}): ShardManager =>
  new ShardManager({
    token: TOKEN,
    intents: ['Guilds'],
    api: gateway.apiUrl,
    timing: QUICK,
    identifyGate: quickGate(),
    ...defaultPlacement,
    ...options,
  });

/** A hand-over adds heartbeats of its own, which the oracle can't tell from those of the schedule. */
export const RULES_BROKEN_BY_HAND_OVER: readonly OracleRule[] = ['heartbeat-pace', 'zombie-heartbeat'];

/** In the end nobody may have a complaint but of the `broken` rules. */
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

/** Settles with the next event of a name that fits. */
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

export const states = (manager: ShardManager): ManagerState[] => {
  const seen: ManagerState[] = [manager.state];
  manager.actor.subscribe(() => {
    if (manager.state !== seen.at(-1)) seen.push(manager.state);
  });
  return seen;
};
