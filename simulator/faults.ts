/** The faults that a script can inject, with their weights. */
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import type { GatewayConnection } from './gateway-connection.ts';
import { INVALID_BODIES } from './manager/api.ts';
import type { ConditionName, ConditionValues } from './conditions.ts';
import { dispatchOddData, dispatchPoison, sendOddSequence } from './odd-data.ts';
import type { World } from './world.ts';

export interface Fault {
  readonly weight: number;
  /** Injects the fault and returns its details; `null` when there was nothing to inject it into. */
  inject(world: World, shardId: number, random: SeededRandom): string | null;
}

const MINUTE = 60_000;

/** Returns the newest open connection of a shard. */
export const connectionOf = (world: World, shardId: number): GatewayConnection | undefined =>
  [...world.gateway.connections].findLast(({ isClosed, socket }) => !isClosed && socket.shardId === shardId);

const onConnection = (
  weight: number,
  inject: (connection: GatewayConnection, random: SeededRandom, world: World) => string,
): Fault => ({
  weight,
  inject(world, shardId, random) {
    const connection = connectionOf(world, shardId);
    return connection === undefined ? null : inject(connection, random, world);
  },
});

/** Returns mostly a short time, sometimes a long one. */
const randomSpan = (random: SeededRandom, maxMs: number): number =>
  random.magnitude(200, random.chance(0.8) ? Math.min(2 * MINUTE, maxMs) : maxMs);

const conditionFault = <Name extends ConditionName>(
  name: Name,
  weight: number,
  maxMs: number,
  valueOf: (random: SeededRandom) => ConditionValues[Name],
): Fault => ({
  weight,
  inject(world, _, random) {
    const forMs = randomSpan(random, maxMs);
    const value = valueOf(random);
    world.setCondition(name, value, forMs);
    return `${String(value)} for ${(forMs / 1000).toFixed(1)} s`;
  },
});

const randomHosts = (random: SeededRandom): 'main' | 'resume' | 'all' => random.pick(['main', 'resume', 'all']);

/** Close codes that end the session. */
const SESSION_LOST = [4003, 4007, 4009];
const SURVIVED = [1000, 1001, 1005, 1006, 1011, 4000, 4001, 4002, 4005, 4008, 4242];
/** Close codes that no connection gets over. */
export const FATAL_CODES: readonly number[] = [4004, 4010, 4011, 4012, 4013, 4014];

export const FAULTS: Readonly<Record<string, Fault>> = {
  reconnect: onConnection(3, (connection) => {
    connection.send({ op: 7, d: null });
    return '';
  }),
  suspend: onConnection(2, (connection) => {
    connection.send({ op: 9, d: true });
    return '';
  }),
  invalidate: onConnection(2, (connection, _, world) => {
    if (connection.session !== null) world.gateway.endSession(connection.session, 'op 9 false');
    connection.send({ op: 9, d: false });
    return '';
  }),
  close: onConnection(4, (connection, random) => {
    const code = random.pick(SURVIVED);
    connection.close(code, random.chance(0.2) ? 'so it goes' : '');
    return `${code}`;
  }),
  closeSession: onConnection(1, (connection, random, world) => {
    const code = random.pick(SESSION_LOST);
    if (connection.session !== null) world.gateway.endSession(connection.session, `close ${code}`);
    connection.close(code);
    return `${code}`;
  }),
  /** The gateway asks for a reconnect, and closes while the shard does the same. */
  crossingClose: onConnection(1.5, (connection, random, world) => {
    const code = random.chance(0.85) ? random.pick([...SESSION_LOST, 4000]) : random.pick(FATAL_CODES);
    const { latencyMs, jitterMs } = world.setting;
    const afterMs = random.int(0, latencyMs * 2 + jitterMs);
    connection.send({ op: 7, d: null });
    world.clock.scheduleInWorld(() => {
      if (connection.isClosed) return;
      if (connection.session !== null && SESSION_LOST.includes(code))
        world.gateway.endSession(connection.session, `close ${code}`);
      connection.close(code);
    }, afterMs);
    return `${code} after ${afterMs} ms`;
  }),
  closeFatal: onConnection(0.5, (connection, random) => {
    const code = random.pick(FATAL_CODES);
    connection.close(code);
    return `${code}`;
  }),
  drop: onConnection(4, (connection) => {
    connection.drop();
    return '';
  }),
  halfOpen: onConnection(4, (connection, _, world) => {
    world.makeHalfOpen(connection.socket);
    return '';
  }),
  skipAcks: onConnection(2, (connection, random) => {
    connection.acksToSkip = random.int(1, 3);
    return `${connection.acksToSkip}`;
  }),
  corrupt: onConnection(2, (connection) => {
    connection.corrupt();
    return '';
  }),
  requestHeartbeats: onConnection(2, (connection, random) => {
    const count = random.chance(0.8) ? 1 : random.int(2, 200);
    for (let n = 0; n < count; n += 1) connection.send({ op: 1, d: null });
    return `${count}`;
  }),
  burst: onConnection(4, ({ session }, random, world) => {
    const count = random.magnitude(1, 300);
    if (session !== null) world.gateway.burst(session, count);
    return `${count} dispatches`;
  }),
  expire: onConnection(1, ({ session }, _, world) => {
    if (session !== null) world.gateway.endSession(session, 'it expired');
    return '';
  }),
  oddData: onConnection(2, dispatchOddData),
  poison: onConnection(1.5, (connection, _, world) => dispatchPoison(connection, world.setting.compression)),
  oddSequence: onConnection(2, (connection, random, world) => {
    const count = random.int(1, 4);
    const sent = Array.from({ length: count }, () => sendOddSequence(connection, world.gateway.nextOddId()));
    return sent.join(', ');
  }),
  sequenceGap: onConnection(1, ({ session }, random) => {
    const gap = random.magnitude(1, 1_000);
    if (session !== null) session.sequence += gap;
    return `${gap}`;
  }),
  sleep: {
    weight: 1.5,
    inject(world, _, random) {
      const ms = random.magnitude(100, random.chance(0.7) ? MINUTE : 300 * MINUTE);
      world.sleep(ms, false, random);
      return `${(ms / 1000).toFixed(1)} s`;
    },
  },
  /** A laptop is closed, or a virtual machine is paused. */
  suspendMachine: {
    weight: 1.5,
    inject(world, _, random) {
      const ms = random.magnitude(1_000, random.chance(0.7) ? 10 * MINUTE : 300 * MINUTE);
      world.sleep(ms, true, random);
      return `${(ms / 1000).toFixed(1)} s`;
    },
  },
  /** Discord is down: all connections drop, all hosts are away, and perhaps all sessions are lost. */
  outage: {
    weight: 1,
    inject(world, _, random) {
      const forMs = randomSpan(random, 60 * MINUTE);
      world.setCondition(random.pick(['refuse', 'unreachable']), 'all', forMs);
      if (world.bot !== null) world.setCondition('apiFails', random.pick([503, 'no answer'] as const), forMs);
      const losesSessions = random.chance(0.5);
      for (const connection of world.gateway.connections) connection.drop();
      if (losesSessions)
        for (const session of world.gateway.sessions.values()) world.gateway.endSession(session, 'the outage');
      return `for ${(forMs / 1000).toFixed(1)} s${losesSessions ? ', sessions are lost' : ''}`;
    },
  },
  refuse: conditionFault('refuse', 3, 240 * MINUTE, randomHosts),
  unreachable: conditionFault('unreachable', 1, 60 * MINUTE, randomHosts),
  slowConnect: conditionFault('slowConnect', 1, 10 * MINUTE, (random) => random.magnitude(500, 20_000)),
  createThrows: conditionFault('createThrows', 0.5, 10 * MINUTE, () => true),
  noHello: conditionFault('noHello', 1, 60 * MINUTE, () => true),
  invalidHello: conditionFault('invalidHello', 0.7, 10 * MINUTE, (random) =>
    random.pick<unknown>([0, -1, 1, 49, 1e12, 'soon', null, {}]),
  ),
  reconnectFirst: conditionFault('reconnectFirst', 0.7, 10 * MINUTE, () => true),
  halfOpenFromStart: conditionFault('halfOpenFromStart', 1, 10 * MINUTE, () => true),
  noAcks: conditionFault('noAcks', 1, 60 * MINUTE, () => true),
  noReady: conditionFault('noReady', 2, 300 * MINUTE, () => true),
  noResumed: conditionFault('noResumed', 2, 60 * MINUTE, () => true),
  endlessReplay: conditionFault('endlessReplay', 1, 20 * MINUTE, () => true),
  rejectIdentify: conditionFault('rejectIdentify', 1, 10 * MINUTE, () => true),
  rejectResume: conditionFault('rejectResume', 1, 10 * MINUTE, () => true),
  suspendResume: conditionFault('suspendResume', 1, 10 * MINUTE, () => true),
  noCloseAnswer: conditionFault('noCloseAnswer', 1.5, 30 * MINUTE, () => true),
  slowStore: conditionFault('slowStore', 1.5, 60 * MINUTE, (random) => random.magnitude(1, 20_000)),
  storeThrows: conditionFault('storeThrows', 1, 60 * MINUTE, () => true),
  storeHangs: conditionFault('storeHangs', 0.3, MINUTE, () => true),
  listenersThrow: conditionFault('listenersThrow', 1.5, 10 * MINUTE, (random) => random.pick(['now', 'later'])),
  oddReady: conditionFault('oddReady', 1, 20 * MINUTE, () => true),
  oddAnswers: conditionFault('oddAnswers', 1, 20 * MINUTE, () => true),
  replayOverlap: conditionFault('replayOverlap', 2, 60 * MINUTE, (random) => random.magnitude(1, 100)),
  garbageAfterResumed: conditionFault('garbageAfterResumed', 0.7, 30 * MINUTE, () => true),
  noChunks: conditionFault('noChunks', 0.7, 10 * MINUTE, () => true),
  chunksLimited: conditionFault('chunksLimited', 0.7, 5 * MINUTE, () => true),
};

/** Faults of the REST API and of sharding, for worlds with a manager. */
export const MANAGER_FAULTS: Readonly<Record<string, Fault>> = {
  apiFails: conditionFault('apiFails', 2, 20 * MINUTE, (random) =>
    random.pick([500, 502, 503, 408, 'no answer'] as const),
  ),
  apiLimited: conditionFault('apiLimited', 1.5, 10 * MINUTE, (random) => random.int(0, 60_000) / 1000),
  apiHangs: conditionFault('apiHangs', 1, 5 * MINUTE, () => true),
  apiUnauthorized: conditionFault('apiUnauthorized', 0.5, MINUTE, () => true),
  apiInvalidBody: conditionFault('apiInvalidBody', 0.5, MINUTE, (random) => random.pick(INVALID_BODIES)),
  countRefused: conditionFault('countRefused', 0.5, MINUTE, () => true),
};
