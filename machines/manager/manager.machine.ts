/**
 * The statechart of a manager.
 *
 * The manager requests `GET /gateway/bot`, as often as needed to get a valid answer. Then it starts its shards, one
 * rate-limit bucket after the other. It is running once every shard is ready or has failed for a reason of its own. A
 * shard that loses its connection later reconnects on its own. To reshard, the manager starts a second set of shards
 * beside the first and hands over to it; if anything fails before that, the first set stays in service. A failure that
 * all shards share, such as a wrong token, stops them all and is emitted once. Every wait here has a deadline, except
 * for the start of the shards and of their successors, which have deadlines of their own.
 *
 * The actors here are placeholders; `src/manager` provides the real ones.
 *
 * @see https://discord.com/developers/docs/events/gateway#sharding
 */
import { INFO_TIMEOUT, infoFromEvent, managerSetup, unavailableFromEvent, failureFromEvent } from './manager.setup.ts';

export const managerMachine = managerSetup.createMachine({
  id: 'manager',
  context: ({ input }) => ({ ...input, attempt: 0, retryAfterMs: null, info: null, targetTotal: null, failure: null }),
  initial: 'stopped',
  states: {
    // No timers run, and no shards except those you started one by one; disconnect() ends these too. Sessions may
    // remain in the store.
    stopped: {
      on: {
        'manager.connect': { target: 'active', actions: 'resetContext' },
        'manager.disconnect': 'draining',
      },
    },

    // The manager has shards, or is starting them.
    active: {
      invoke: { id: 'fleet', src: 'fleet' },
      initial: 'starting',
      on: {
        'manager.disconnect': 'draining',
        'fleet.failed': { target: 'draining', actions: { type: 'setFailure', params: failureFromEvent } },
      },
      states: {
        starting: {
          initial: 'fetchingInfo',
          states: {
            // Asks Discord where to connect, with how many shards, and how fast.
            fetchingInfo: {
              invoke: { src: 'gatewayInfo' },
              after: {
                infoTimeout: {
                  target: 'backingOff',
                  actions: { type: 'recordUnavailable', params: { failure: INFO_TIMEOUT, retryAfterMs: null } },
                },
              },
              on: {
                'info.received': { target: 'launching', actions: { type: 'setGatewayInfo', params: infoFromEvent } },
                'info.unavailable': {
                  target: 'backingOff',
                  actions: { type: 'recordUnavailable', params: unavailableFromEvent },
                },
                'info.refused': {
                  target: '#manager.failed',
                  actions: { type: 'setFailure', params: failureFromEvent },
                },
              },
            },
            // Waits before the next request: longer with each attempt, and at least as long as the answer demanded.
            backingOff: {
              after: { infoRetryDelay: 'fetchingInfo' },
            },
            // Starts the shards. Without a deadline: if the day's session starts are used up, this may take a day.
            launching: {
              entry: 'launch',
              on: { 'fleet.settled': '#manager.active.running' },
            },
          },
        },

        // Every shard is ready, or has failed for a reason of its own.
        running: {
          entry: 'clearTargetTotal',
          on: {
            // Starts the failed shards again.
            'manager.connect': 'starting.launching',
            'manager.reshard': {
              target: 'resharding',
              actions: { type: 'setTargetTotal', params: ({ event }) => event.total },
            },
          },
        },

        // Prepares a second set of shards. The first stays in service until `successor.inService`.
        resharding: {
          initial: 'checkingBudget',
          exit: 'discardSuccessor',
          on: {
            'manager.cancelReshard': 'running',
            'successor.failed': {
              target: 'running',
              actions: { type: 'emitReshardRefused', params: failureFromEvent },
            },
          },
          states: {
            // Checks that enough session starts remain for the new shards.
            checkingBudget: {
              invoke: { src: 'gatewayInfo' },
              after: {
                infoTimeout: {
                  target: '#manager.active.running',
                  actions: { type: 'emitReshardRefused', params: INFO_TIMEOUT },
                },
              },
              on: {
                'info.received': [
                  {
                    guard: { type: 'isAffordable', params: infoFromEvent },
                    target: 'preparing',
                    actions: [{ type: 'setGatewayInfo', params: infoFromEvent }, 'prepare'],
                  },
                  {
                    target: '#manager.active.running',
                    actions: { type: 'emitReshardUnaffordable', params: infoFromEvent },
                  },
                ],
                'info.unavailable': {
                  target: '#manager.active.running',
                  actions: { type: 'emitReshardRefused', params: failureFromEvent },
                },
                'info.refused': {
                  target: '#manager.active.running',
                  actions: { type: 'emitReshardRefused', params: failureFromEvent },
                },
              },
            },
            // The second set identifies. Your listeners don't receive its dispatches yet.
            preparing: {
              on: { 'successor.ready': 'handingOver' },
            },
            // Switches from the first set to the second, in one step. Starts over after a lost connection or a timeout.
            handingOver: {
              entry: 'handOver',
              after: { handOverTimeout: { target: 'handingOver', reenter: true } },
              on: {
                'successor.connectionLost': 'preparing',
                'successor.inService': '#manager.active.running',
              },
            },
          },
        },
      },
    },

    // Closes every shard and keeps the sessions, and waits at most `drainTimeout`. Then follows a connect() that came
    // meanwhile.
    draining: {
      invoke: { src: 'closeShards' },
      initial: 'closing',
      after: {
        drainTimeout: [
          { guard: 'isReconnectRequested', target: 'active', actions: 'resetContext' },
          { guard: 'hasFailed', target: 'failed' },
          { target: 'stopped' },
        ],
      },
      on: {
        'fleet.closed': [
          { guard: 'isReconnectRequested', target: 'active', actions: 'resetContext' },
          { guard: 'hasFailed', target: 'failed' },
          { target: 'stopped' },
        ],
      },
      states: {
        closing: { on: { 'manager.connect': 'reconnectRequested' } },
        reconnectRequested: { on: { 'manager.disconnect': 'closing' } },
      },
    },

    // A failure that all shards share stopped them. You can call connect() again once the cause is fixed.
    failed: {
      entry: 'emitFailed',
      on: {
        'manager.connect': { target: 'active', actions: 'resetContext' },
        'manager.disconnect': { target: 'draining', actions: 'resetContext' },
      },
    },
  },
});
