/** What goes wrong in the world. */
import type { Dice } from './dice.ts';
import type { GatewayConnection } from './gateway-connection.ts';
import type { WeatherName, WeatherValues } from './weather.ts';
import type { World } from './world.ts';

export interface Fault {
  readonly weight: number;
  /** Gives back what exactly happened; `null` when there was nothing for it to happen to. */
  act(world: World, shardId: number, dice: Dice): string | null;
}

export const MINUTE = 60_000;

/** The open connection of a shard, the newest if there are several. */
const connectionOf = (world: World, shardId: number): GatewayConnection | undefined =>
  [...world.gateway.connections].findLast(({ isClosed, socket }) => !isClosed && socket.shardId === shardId);

const onConnection = (weight: number, act: (connection: GatewayConnection, dice: Dice, world: World) => string): Fault => ({
  weight,
  act(world, shardId, dice) {
    const connection = connectionOf(world, shardId);
    return connection === undefined ? null : act(connection, dice, world);
  },
});

/** Mostly for seconds, sometimes for long. */
const span = (dice: Dice, longest: number): number => dice.magnitude(200, dice.chance(0.8) ? Math.min(2 * MINUTE, longest) : longest);

export const turn = <Name extends WeatherName>(
  name: Name,
  weight: number,
  longestMs: number,
  valueOf: (dice: Dice) => WeatherValues[Name],
): Fault => ({
  weight,
  act(world, _, dice) {
    const forMs = span(dice, longestMs);
    const value = valueOf(dice);
    world.setWeather(name, value, forMs);
    return `${String(value)} for ${(forMs / 1000).toFixed(1)} s`;
  },
});

const where = (dice: Dice): 'main' | 'resume' | 'all' => dice.pick(['main', 'resume', 'all']);

const SESSION_LOST = [4003, 4007, 4009];
const SURVIVED = [1000, 1001, 1005, 1006, 1011, 4000, 4001, 4002, 4005, 4008, 4242];
const FATAL = [4004, 4010, 4011, 4012, 4013, 4014];

export const FAULTS: Readonly<Record<string, Fault>> = {
  reconnect: onConnection(3, (connection) => {
    connection.say({ op: 7, d: null });
    return '';
  }),
  suspend: onConnection(2, (connection) => {
    connection.say({ op: 9, d: true });
    return '';
  }),
  invalidate: onConnection(2, (connection, _, world) => {
    if (connection.session !== null) world.gateway.end(connection.session, 'op 9 false');
    connection.say({ op: 9, d: false });
    return '';
  }),
  close: onConnection(4, (connection, dice) => {
    const code = dice.pick(SURVIVED);
    connection.close(code, dice.chance(0.2) ? 'so it goes' : '');
    return `${code}`;
  }),
  closeSession: onConnection(1, (connection, dice, world) => {
    const code = dice.pick(SESSION_LOST);
    if (connection.session !== null) world.gateway.end(connection.session, `close ${code}`);
    connection.close(code);
    return `${code}`;
  }),
  closeFatal: onConnection(0.5, (connection, dice) => {
    const code = dice.pick(FATAL);
    connection.close(code);
    return `${code}`;
  }),
  drop: onConnection(4, (connection) => {
    connection.drop();
    return '';
  }),
  halfOpen: onConnection(4, (connection, _, world) => {
    world.deafen(connection.socket);
    return '';
  }),
  loseAcks: onConnection(2, (connection, dice) => {
    connection.swallowAcks = dice.int(1, 3);
    return `${connection.swallowAcks}`;
  }),
  corrupt: onConnection(2, (connection) => {
    connection.corrupt();
    return '';
  }),
  askForBeats: onConnection(2, (connection, dice) => {
    const count = dice.chance(0.8) ? 1 : dice.int(2, 200);
    for (let n = 0; n < count; n += 1) connection.say({ op: 1, d: null });
    return `${count}`;
  }),
  burst: onConnection(4, ({ session }, dice, world) => {
    const count = dice.magnitude(1, 300);
    if (session !== null) world.gateway.burst(session, count);
    return `${count} dispatches`;
  }),
  expire: onConnection(1, ({ session }, _, world) => {
    if (session !== null) world.gateway.end(session, 'it expired');
    return '';
  }),
  sleep: {
    weight: 1.5,
    act(world, _, dice) {
      const ms = dice.magnitude(100, dice.chance(0.7) ? MINUTE : 300 * MINUTE);
      world.chronicle.tell('shard.asleep', { ms });
      world.clock.sleep(ms);
      return `${(ms / 1000).toFixed(1)} s`;
    },
  },
  refuse: turn('refuse', 3, 240 * MINUTE, where),
  unreachable: turn('unreachable', 1, 60 * MINUTE, where),
  slowConnect: turn('slowConnect', 1, 10 * MINUTE, (dice) => dice.magnitude(500, 20_000)),
  createThrows: turn('createThrows', 0.5, 10 * MINUTE, () => true),
  noHello: turn('noHello', 1, 60 * MINUTE, () => true),
  insaneHello: turn('insaneHello', 0.7, 10 * MINUTE, (dice) => dice.pick<unknown>([0, -1, 1, 49, 1e12, 'soon', null, {}])),
  reconnectFirst: turn('reconnectFirst', 0.7, 10 * MINUTE, () => true),
  deafFromStart: turn('deafFromStart', 1, 10 * MINUTE, () => true),
  noAcks: turn('noAcks', 1, 60 * MINUTE, () => true),
  noReady: turn('noReady', 2, 300 * MINUTE, () => true),
  noResumed: turn('noResumed', 2, 60 * MINUTE, () => true),
  endlessReplay: turn('endlessReplay', 1, 20 * MINUTE, () => true),
  rejectIdentify: turn('rejectIdentify', 1, 10 * MINUTE, () => true),
  rejectResume: turn('rejectResume', 1, 10 * MINUTE, () => true),
  suspendResume: turn('suspendResume', 1, 10 * MINUTE, () => true),
  noCloseAnswer: turn('noCloseAnswer', 1.5, 30 * MINUTE, () => true),
  slowStore: turn('slowStore', 1.5, 60 * MINUTE, (dice) => dice.magnitude(1, 20_000)),
  storeThrows: turn('storeThrows', 1, 60 * MINUTE, () => true),
  storeHangs: turn('storeHangs', 0.3, MINUTE, () => true),
  listenersThrow: turn('listenersThrow', 1.5, 10 * MINUTE, (dice) => dice.pick(['now', 'later'])),
  noChunks: turn('noChunks', 0.7, 10 * MINUTE, () => true),
  chunksLimited: turn('chunksLimited', 0.7, 5 * MINUTE, () => true),
};
