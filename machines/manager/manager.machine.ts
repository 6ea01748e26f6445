/**
 * The life of a fleet of shards, as a chart.
 *
 * A fleet first asks Discord how it may connect, again and again until there is an answer it can use, and then brings
 * its shards up, bucket by bucket. Once each is ready, or has failed for a reason of its own, the fleet is running; a
 * shard that loses its connection afterwards sees to that itself. Resharding brings up a second set of shards beside
 * the first and hands over to it; until that has happened nothing has, and whatever goes wrong leaves the first set in
 * service. A failure that all shards share ends them all, once. Nobody is waited for without a deadline but the shards
 * themselves, which have their own.
 *
 * The actors are contracts; `src/manager` provides the real ones.
 *
 * @see https://discord.com/developers/docs/events/gateway#sharding
 */
import { INFO_TIMEOUT, infoFromEvent, managerSetup, unavailableFromEvent, failureFromEvent } from './manager.setup.ts';

export const managerMachine = managerSetup.createMachine({
  id: 'manager',
  context: ({ input }) => ({ ...input, attempt: 0, retryAfterMs: null, info: null, targetTotal: null, failure: null }),
  initial: 'stopped',
  states: {
    // No timers, and no shards but those that somebody has started one by one; disconnect() ends these too. Sessions may
    // be in the store.
    stopped: {
      on: {
        'manager.connect': { target: 'active', actions: 'resetContext' },
        'manager.disconnect': 'draining',
      },
    },

    // There are shards, or soon will be.
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
            // Where to connect, with how many shards, and how fast.
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
            // As long as the answer asked for, or longer with each try.
            backingOff: {
              after: { infoRetryDelay: 'fetchingInfo' },
            },
            // As long as it takes: with the day's session starts spent that may be a day.
            launching: {
              entry: 'launch',
              on: { 'fleet.settled': '#manager.active.running' },
            },
          },
        },

        running: {
          entry: 'clearTargetTotal',
          on: {
            // For those that have failed.
            'manager.connect': 'starting.launching',
            'manager.reshard': {
              target: 'resharding',
              actions: { type: 'setTargetTotal', params: ({ event }) => event.total },
            },
          },
        },

        // The shards in service go on as before, until `successor.inService`.
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
            // Is there a session start for each new shard?
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
            // The second set identifies; what it receives is not handed out.
            preparing: {
              on: { 'successor.ready': 'handingOver' },
            },
            // From one set to the other, in one step.
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

    // Every shard is closed with its session kept, but not waited for for ever. A connect() that comes meanwhile
    // follows it.
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

    // Discord's refusal is final until somebody changes something; the manager says what.
    failed: {
      entry: 'emitFailed',
      on: {
        'manager.connect': { target: 'active', actions: 'resetContext' },
        'manager.disconnect': { target: 'draining', actions: 'resetContext' },
      },
    },
  },
});
