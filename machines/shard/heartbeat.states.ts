/**
 * The region `heartbeat` of the chart of a shard: sends heartbeats from HELLO on, and notices a gateway that no longer
 * acknowledges them.
 * @see https://discord.com/developers/docs/events/gateway#sending-heartbeats
 */
import { intervalFromEvent, recordLossOf, shardSetup } from './shard.setup.ts';

export const heartbeatStates = shardSetup.createStateConfig({
  initial: 'idle',
  states: {
    // Waits for HELLO, which carries the interval.
    idle: {
      on: {
        'gateway.hello': {
          guard: { type: 'isValidInterval', params: intervalFromEvent },
          target: 'jitter',
        },
      },
    },
    // Sends the first heartbeat after a random part of the interval, so that many shards don't send at once.
    jitter: {
      after: { heartbeatJitter: 'beating' },
      on: { 'gateway.heartbeatRequest': { actions: { type: 'heartbeat', params: false } } },
    },
    // Sends one heartbeat an interval. The timer belongs to this parent state, so an ACK does not restart it.
    beating: {
      initial: 'awaitingAck',
      entry: { type: 'heartbeat', params: true },
      after: {
        heartbeatInterval: [{ guard: 'isAcknowledged', target: 'beating', reenter: true }, { target: 'overdue' }],
      },
      on: { 'gateway.heartbeatRequest': { actions: { type: 'heartbeat', params: false } } },
      states: {
        awaitingAck: { on: { 'gateway.heartbeatAck': 'acknowledged' } },
        acknowledged: {},
      },
    },
    // The next heartbeat is due and the last has no ACK. If this process was busy or asleep, the ACK may be
    // unread on the socket, so the shard reads that first.
    overdue: {
      entry: 'flushReads',
      after: { flushReadsTimeout: { target: '#shard.zombie', actions: recordLossOf('zombie') } },
      on: {
        'gateway.heartbeatAck': 'beating',
        'socket.readsFlushed': { target: '#shard.zombie', actions: recordLossOf('zombie') },
      },
    },
  },
});
