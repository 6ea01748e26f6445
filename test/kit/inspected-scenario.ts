/**
 * A scenario for tests of inspectors: a shard becomes ready, turns zombie, resumes and disconnects. It runs on real
 * sockets and virtual time, so that its steps always come in the same order.
 */
import { randomBytes } from 'node:crypto';
import { MemoryIdentifyGate, Shard } from '../../src/index.ts';
import type { ShardOptions, ShardState } from '../../src/index.ts';
import { FakeGateway, VirtualClock } from '../../src/testing/index.ts';
import { nextEvent, reaches } from './live-shard.ts';

/** Secrets that no inspector may show. */
export const SECRET_TOKEN = randomBytes(24).toString('base64url');
export const SECRET_CONTENT = 'a message that no inspector may show';

const HEARTBEAT_INTERVAL_MS = 40_000;
/** Longer than the wait before a first reconnect. */
const RECONNECT_DELAY_MS = 1_000;

/** The events of the machine, each with the flat state it leads to. */
export const SCENARIO: readonly (readonly [event: string, state: ShardState])[] = [
  ['shard.connectWith', 'connecting'],
  ['socket.opened', 'connecting'],
  ['gateway.hello', 'identifying'],
  ['identify.granted', 'identifying'],
  ['gateway.ready', 'ready'],
  ['xstate.after.heartbeatJitter.shard.online.heartbeat.jitter', 'ready'],
  ['xstate.after.stableAfter.shard.online.session.ready', 'ready'],
  ['xstate.after.heartbeatInterval.shard.online.heartbeat.beating', 'ready'],
  ['socket.readsFlushed', 'zombie'],
  ['socket.closeCompleted', 'reconnecting'],
  ['socket.closeCompleted', 'reconnecting'],
  ['xstate.after.reconnectDelay.shard.reconnecting', 'connecting'],
  ['socket.opened', 'connecting'],
  ['gateway.hello', 'resuming'],
  ['gateway.replayStarted', 'resuming'],
  ['gateway.resumed', 'ready'],
  ['shard.disconnect', 'disconnecting'],
  ['socket.closeCompleted', 'disconnected'],
];

/** Resolves when the machine has received `socket.closeCompleted` this often. */
const socketClosedTimes = (shard: Shard, times: number): Promise<void> => {
  let remaining = times;
  const { promise, resolve } = Promise.withResolvers<void>();
  shard.actor.system.inspect((event) => {
    if (
      event.type !== '@xstate.snapshot' ||
      event.actorRef !== shard.actor ||
      event.event.type !== 'socket.closeCompleted'
    )
      return;
    remaining -= 1;
    if (remaining === 0) resolve();
  });
  return promise;
};

export async function inspectedScenario(options: Partial<ShardOptions> = {}) {
  const clock = new VirtualClock();
  const gateway = await FakeGateway.listen({
    token: SECRET_TOKEN,
    heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
    identifyIntervalMs: 0,
    clock,
  });
  const shard = new Shard({
    token: SECRET_TOKEN,
    intents: ['Guilds', 'GuildMessages'],
    url: gateway.url,
    identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0, clock }),
    clock,
    random: () => 0.5,
    ...options,
  });
  return {
    gateway,
    shard,
    async run(): Promise<void> {
      await shard.connect();
      const connection = await gateway.waitForConnection(({ sessionId }) => sessionId !== null);
      connection.holdAcks();
      const bothClosed = socketClosedTimes(shard, 2);
      await clock.advanceAsync(HEARTBEAT_INTERVAL_MS / 2);
      await connection.waitFor(1);
      const reconnecting = reaches(shard, 'reconnecting');
      await clock.advanceAsync(HEARTBEAT_INTERVAL_MS);
      await reconnecting;
      await bothClosed;
      gateway.dispatch('MESSAGE_CREATE', { content: SECRET_CONTENT });
      const resumed = nextEvent(shard, 'resumed');
      await clock.advanceAsync(RECONNECT_DELAY_MS);
      await resumed;
      await shard.disconnect();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await shard.disconnect();
      await gateway.close();
    },
  };
}
