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
import { NO_ANSWER, answer, managerSetup, putOff, told } from './manager.setup.ts';

export const managerMachine = managerSetup.createMachine({
  id: 'manager',
  context: ({ input }) => ({ ...input, attempt: 0, retryAfterMs: null, info: null, total: null, failure: null }),
  initial: 'stopped',
  states: {
    // No timers, and no shards but those that somebody has started one by one; disconnect() ends these too. Sessions may
    // be in the store.
    stopped: {
      on: {
        'manager.connect': { target: 'up', actions: 'startOver' },
        'manager.disconnect': 'draining',
      },
    },

    // There are shards, or soon will be.
    up: {
      invoke: { id: 'fleet', src: 'fleet' },
      initial: 'starting',
      on: {
        'manager.disconnect': 'draining',
        'fleet.failed': { target: 'draining', actions: { type: 'blame', params: told } },
      },
      states: {
        starting: {
          initial: 'asking',
          states: {
            // Where to connect, with how many shards, and how fast.
            asking: {
              invoke: { src: 'gatewayInfo' },
              after: {
                infoTimeout: { target: 'pausing', actions: { type: 'putOff', params: { failure: NO_ANSWER, retryAfterMs: null } } },
              },
              on: {
                'info.received': { target: 'launching', actions: { type: 'learn', params: answer } },
                'info.unavailable': { target: 'pausing', actions: { type: 'putOff', params: putOff } },
                'info.refused': { target: '#manager.failed', actions: { type: 'blame', params: told } },
              },
            },
            // As long as the answer asked for, or longer with each try.
            pausing: {
              after: { infoRetryDelay: 'asking' },
            },
            // As long as it takes: with the day's session starts spent that may be a day.
            launching: {
              entry: 'launch',
              on: { 'fleet.settled': '#manager.up.running' },
            },
          },
        },

        running: {
          entry: 'forgetAim',
          on: {
            // For those that have failed.
            'manager.connect': 'starting.launching',
            'manager.reshard': { target: 'resharding', actions: { type: 'aim', params: ({ event }) => event.total } },
          },
        },

        // The shards in service go on as before, until `successor.inService`.
        resharding: {
          initial: 'checking',
          exit: 'dismiss',
          on: {
            'manager.abandon': 'running',
            'successor.failed': { target: 'running', actions: { type: 'refuseReshard', params: told } },
          },
          states: {
            // Is there a session start for each new shard?
            checking: {
              invoke: { src: 'gatewayInfo' },
              after: {
                infoTimeout: { target: '#manager.up.running', actions: { type: 'refuseReshard', params: NO_ANSWER } },
              },
              on: {
                'info.received': [
                  {
                    guard: { type: 'isAffordable', params: answer },
                    target: 'preparing',
                    actions: [{ type: 'learn', params: answer }, 'prepare'],
                  },
                  { target: '#manager.up.running', actions: { type: 'announceUnaffordable', params: answer } },
                ],
                'info.unavailable': { target: '#manager.up.running', actions: { type: 'refuseReshard', params: told } },
                'info.refused': { target: '#manager.up.running', actions: { type: 'refuseReshard', params: told } },
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
                'successor.unsettled': 'preparing',
                'successor.inService': '#manager.up.running',
              },
            },
          },
        },
      },
    },

    // Every shard is closed with its session kept, but not waited for for ever. A connect() that comes meanwhile
    // follows it.
    draining: {
      invoke: { src: 'drainer' },
      initial: 'leaving',
      after: {
        drainTimeout: [
          { guard: 'isReturning', target: 'up', actions: 'startOver' },
          { guard: 'hasFailed', target: 'failed' },
          { target: 'stopped' },
        ],
      },
      on: {
        'fleet.gone': [
          { guard: 'isReturning', target: 'up', actions: 'startOver' },
          { guard: 'hasFailed', target: 'failed' },
          { target: 'stopped' },
        ],
      },
      states: {
        leaving: { on: { 'manager.connect': 'returning' } },
        returning: { on: { 'manager.disconnect': 'leaving' } },
      },
    },

    // Discord's refusal is final until somebody changes something; the manager says what.
    failed: {
      entry: 'announceFailure',
      on: {
        'manager.connect': { target: 'up', actions: 'startOver' },
        'manager.disconnect': { target: 'draining', actions: 'startOver' },
      },
    },
  },
});
