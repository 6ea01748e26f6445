/**
 * The statechart of a node of a cluster, from the start of its manager to its end. The next start is another node.
 *
 * A node joins, and is then a member: it renews its leases, and looks who holds what, to take its share of the shards. If
 * the engine does not answer, its shards stay up while it tries again. If the process did not run for so long that its
 * leases have ended, other nodes may have its shards: then it delivers nothing until the engine has answered. A node
 * that leaves hands its shards over first. Every wait here has a deadline, except for an engine that can't be reached at
 * the start: that wait ends with `disconnect()`, or with the signal of `connect()`.
 *
 * The actor here is a placeholder; `src/cluster/node` provides the real one.
 */
import { failureFromEvent, nodeSetup, watchfulFromEvent } from './node.setup.ts';

export const nodeMachine = nodeSetup.createMachine({
  id: 'node',
  context: ({ input }) => ({ ...input, isWatchful: true }),
  invoke: { id: 'engine', src: 'engine' },
  initial: 'joining',
  states: {
    // The node holds no shards yet.
    joining: {
      initial: 'opening',
      on: {
        'engine.refused': { target: 'left', actions: { type: 'emitFailed', params: failureFromEvent } },
        'node.leave': 'draining',
      },
      states: {
        // Connects to the engine. Without a deadline: the engine reports once that it can't be reached, and tries again.
        opening: {
          on: { 'engine.opened': 'entering' },
        },
        // Adds itself to the members, and agrees with them on the shard count.
        entering: {
          entry: { type: 'command', params: 'enter' },
          after: { callTimeout: 'waiting' },
          on: { 'entry.done': '#node.member', 'entry.failed': 'waiting' },
        },
        waiting: {
          after: { retryDelay: 'entering' },
        },
      },
    },

    // The engine answers. The node holds its share of the shards, or gets it.
    member: {
      type: 'parallel',
      on: {
        'renewal.failed': 'degraded',
        'look.failed': 'degraded',
        // Its leases may have ended meanwhile. Each node renews before any of them looks, so that none takes what another has.
        'engine.reachable': 'degraded.asking',
        'process.woke': 'suspended',
        'node.leave': 'draining',
      },
      states: {
        // Renews the leases three times before they end.
        lease: {
          initial: 'valid',
          states: {
            valid: {
              after: { renewInterval: 'renewing' },
            },
            renewing: {
              entry: { type: 'command', params: 'renew' },
              after: { callTimeout: '#node.degraded' },
              on: { 'renewal.done': 'valid' },
            },
          },
        },
        // Looks who holds what, when that has changed and now and then: a node that has died says nothing.
        share: {
          initial: 'looking',
          states: {
            looking: {
              entry: { type: 'command', params: 'look' },
              after: { callTimeout: '#node.degraded' },
              on: { 'look.done': { target: 'resting', actions: { type: 'setWatchful', params: watchfulFromEvent } } },
            },
            resting: {
              after: { lookInterval: 'looking' },
              on: { 'cluster.changed': 'looking' },
            },
          },
        },
      },
    },

    // The engine does not answer. Shards that are up stay up; nothing is claimed, and no shard identifies.
    degraded: {
      initial: 'waiting',
      on: {
        'renewal.done': 'member',
        'process.woke': 'suspended',
        'node.leave': 'draining',
      },
      states: {
        waiting: {
          after: { retryDelay: 'asking' },
          on: { 'engine.reachable': 'asking' },
        },
        asking: {
          entry: { type: 'command', params: 'renew' },
          after: { callTimeout: 'waiting' },
          on: { 'renewal.failed': 'waiting' },
        },
      },
    },

    // The process did not run while its leases ended. Until the engine has said which shards are still here, nothing is
    // delivered and nothing resumed.
    suspended: {
      entry: { type: 'command', params: 'suspend' },
      initial: 'asking',
      on: {
        'renewal.done': { target: 'member', actions: { type: 'command', params: 'resume' } },
        'node.leave': 'draining',
      },
      states: {
        asking: {
          entry: { type: 'command', params: 'renew' },
          after: { callTimeout: 'waiting' },
          on: { 'renewal.failed': 'waiting' },
        },
        waiting: {
          after: { retryDelay: 'asking' },
          on: { 'engine.reachable': 'asking' },
        },
      },
    },

    // The node gives up its shards and takes none.
    draining: {
      initial: 'handingOver',
      states: {
        // Closes each shard with a code that keeps its session, and releases it to another node.
        handingOver: {
          entry: { type: 'command', params: 'handOver' },
          after: { handOverTimeout: 'departing' },
          on: { 'handOver.done': 'departing' },
        },
        // Says goodbye, so that others need not wait for the end of its leases.
        departing: {
          entry: { type: 'command', params: 'depart' },
          after: { callTimeout: '#node.left' },
          on: { 'departure.done': '#node.left' },
        },
      },
    },

    // The node holds nothing.
    left: { type: 'final' },
  },
});
