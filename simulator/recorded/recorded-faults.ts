/** What a recording tells of the gateway, the network and the machine, as faults of the simulated world. */
import { closePolicy } from '../../machines/index.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import type { ConditionName, ConditionValues } from '../conditions.ts';
import { FAULTS, connectionOf } from '../faults.ts';
import type { World } from '../world.ts';

/** The details of each fault. */
interface Details {
  reconnect: object;
  suspend: object;
  invalidate: object;
  /** The session ends, so the next RESUME is refused. */
  expire: object;
  requestHeartbeats: object;
  corrupt: object;
  drop: object;
  halfOpen: object;
  close: { readonly code: number };
  burst: { readonly count: number };
  refuse: { readonly host: 'main' | 'resume' | 'all'; readonly forMs: number };
  unreachable: { readonly host: 'main' | 'resume' | 'all'; readonly forMs: number };
  sleep: { readonly forMs: number };
  suspendMachine: { readonly forMs: number };
  noHello: { readonly forMs: number };
  noReady: { readonly forMs: number };
  noResumed: { readonly forMs: number };
  storeThrows: { readonly forMs: number };
  listenersThrow: { readonly forMs: number };
  apiFails: { readonly forMs: number };
  apiLimited: { readonly forMs: number };
}

type Name = keyof Details;

/** A fault, with its details. */
export type RecordedFault = { readonly [Key in Name]: { readonly name: Key } & Details[Key] }[Name];

type Inject<Key extends Name> = (
  world: World,
  details: Details[Key],
  shardId: number,
  random: SeededRandom,
) => string | null;

/** A fault whose details do not matter is that of the random scripts. */
const asUsual =
  (name: string): Inject<Name> =>
  (world, _, shardId, random) =>
    FAULTS[name]?.inject(world, shardId, random) ?? null;

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

function setCondition<Key extends ConditionName>(
  world: World,
  name: Key,
  value: ConditionValues[Key],
  forMs: number,
): string {
  world.setCondition(name, value, forMs);
  return `${String(value)} for ${seconds(forMs)}`;
}

const condition =
  <Key extends ConditionName>(name: Key, value: ConditionValues[Key]) =>
  (world: World, { forMs }: { readonly forMs: number }): string =>
    setCondition(world, name, value, forMs);

const sleep =
  (isSuspended: boolean) =>
  (world: World, { forMs }: { readonly forMs: number }, _: number, random: SeededRandom): string => {
    world.sleep(forMs, isSuspended, random);
    return seconds(forMs);
  };

const INJECT: { readonly [Key in Name]: Inject<Key> } = {
  reconnect: asUsual('reconnect'),
  suspend: asUsual('suspend'),
  invalidate: asUsual('invalidate'),
  expire: asUsual('expire'),
  corrupt: asUsual('corrupt'),
  drop: asUsual('drop'),
  halfOpen: asUsual('halfOpen'),
  requestHeartbeats: (world, _, shardId) => {
    const connection = connectionOf(world, shardId);
    connection?.send({ op: 1, d: null });
    return connection === undefined ? null : '1';
  },
  close: (world, { code }, shardId) => {
    const connection = connectionOf(world, shardId);
    if (connection === undefined) return null;
    // Otherwise a gateway that ended the session would still accept its RESUME.
    if (closePolicy(code).action !== 'resume' && connection.session !== null)
      world.gateway.endSession(connection.session, `close ${code}`);
    connection.close(code);
    return String(code);
  },
  burst: (world, { count }, shardId) => {
    const session = connectionOf(world, shardId)?.session ?? null;
    if (session !== null) world.gateway.burst(session, count);
    return session === null ? null : `${count} dispatches`;
  },
  refuse: (world, { host, forMs }) => setCondition(world, 'refuse', host, forMs),
  unreachable: (world, { host, forMs }) => setCondition(world, 'unreachable', host, forMs),
  sleep: sleep(false),
  suspendMachine: sleep(true),
  noHello: condition('noHello', true),
  noReady: condition('noReady', true),
  noResumed: condition('noResumed', true),
  storeThrows: condition('storeThrows', true),
  listenersThrow: condition('listenersThrow', 'now'),
  apiFails: condition('apiFails', 503),
  apiLimited: (world, { forMs }) => setCondition(world, 'apiLimited', Math.min(forMs, 60_000) / 1_000, forMs),
};

/** Injects a fault. Returns what was done; `null` if there was no connection to do it to. */
export const injectRecorded = (
  world: World,
  fault: RecordedFault,
  shardId: number,
  random: SeededRandom,
): string | null => (INJECT[fault.name] as Inject<Name>)(world, fault, shardId, random);
