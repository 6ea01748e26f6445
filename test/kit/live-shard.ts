/** A shard on a real socket to a strict FakeGateway, with short timing, and helpers that wait for its events. */
import { MemoryIdentifyGate, Shard } from '../../src/index.ts';
import type { ShardEvents, ShardOptions, ShardState } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeGatewayOptions, OracleRule } from '../../src/testing/index.ts';
import { expectNoViolations } from './expect-no-violations.ts';
import { recordEvents } from './record-events.ts';
import { QUICK } from './timing.ts';
import { TOKEN } from './virtual-shard.ts';

/** Disposing fails if the oracle complained about a rule that is not in `broken`, the rules that the test breaks. */
export async function liveShard(
  options: Partial<ShardOptions> = {},
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
  const identifyGate = new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 });
  const shard = new Shard({
    token: TOKEN,
    intents: ['Guilds'],
    url: gateway.url,
    timing: QUICK,
    identifyGate,
    ...options,
  });
  const events = recordEvents(shard);
  return {
    gateway,
    shard,
    events,
    async [Symbol.asyncDispose]() {
      await shard.disconnect();
      await gateway.close();
      expectNoViolations(gateway.complaints, broken);
    },
  };
}

/** Resolves with the next event of that name that matches. */
export const nextEvent = <Name extends keyof ShardEvents>(
  shard: Shard,
  name: Name,
  matches: (arg: ShardEvents[Name][0]) => boolean = () => true,
): Promise<ShardEvents[Name][0]> =>
  new Promise((resolve) => {
    const listener = (...args: ShardEvents[Name]): void => {
      if (!matches(args[0])) return;
      shard.off(name, listener);
      resolve(args[0]);
    };
    shard.on(name, listener);
  });

/** Resolves when the shard is in that state. */
export const reaches = async (shard: Shard, state: ShardState): Promise<void> => {
  if (shard.state !== state) await nextEvent(shard, 'stateChange', ({ to }) => to === state);
};
