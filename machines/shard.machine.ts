/**
 * The life of one shard, as a chart.
 *
 * A shard opens a WebSocket and says nothing until the gateway's HELLO, which starts the heartbeat. With a session
 * it then asks to RESUME; without one it waits for a permit and IDENTIFYs. RESUMED or READY makes it ready. From
 * then on two things happen side by side, hence the parallel `online`: the session lives, and the heart beats.
 * Whatever ends the connection is a row in `losses.ts`; the row says if the session is kept, and the chart waits
 * out a pause and tries again, unless Discord's answer was final or the user asked to stop.
 *
 * Ordinary dispatches never pass through here: only what changes the lifecycle does. The actors are contracts;
 * `src/` provides the real ones.
 *
 * @see https://discord.com/developers/docs/events/gateway#connection-lifecycle
 */
import { FORGET, farewell, given, interval, lose, shardSetup } from './shard.setup.ts';

export const shardMachine = shardSetup.createMachine({
  id: 'shard',
  context: ({ input }) => ({
    ...input,
    connectionId: 0,
    heartbeatIntervalMs: null,
    attempt: 0,
    unreachable: 0,
    failedResumes: 0,
    readyTimeouts: 0,
    readies: 0,
    loss: null,
  }),
  initial: 'disconnected',
  states: {
    // No socket. May hold a session, which the next connection resumes.
    disconnected: {
      on: {
        'shard.connect': { target: 'restoring', actions: 'startOver' },
        'shard.resume': { target: 'online', actions: ['startOver', { type: 'adopt', params: given }] },
        'shard.reinstantiate': { target: 'online', actions: ['startOver', FORGET] },
      },
    },

    // Looks for a session: the one at hand, or one that an earlier process left. A store that is slow or broken costs a new session, not
    // the connection: one that is still known here was given up at rest.
    restoring: {
      invoke: { src: 'restore', input: ({ context }) => ({ shardId: context.shardId }) },
      after: {
        restoreTimeout: {
          target: 'online',
          actions: [FORGET, { type: 'reportStore', params: { reason: 'the session store did not answer in time', cause: undefined } }],
        },
      },
      on: {
        'session.loaded': { target: 'online', actions: { type: 'adopt', params: ({ event }) => event.session } },
        'session.unavailable': {
          target: 'online',
          actions: [FORGET, { type: 'reportStore', params: ({ event: { reason, cause } }) => ({ reason, cause }) }],
        },
        'shard.resume': { target: 'online', actions: { type: 'adopt', params: given } },
        'shard.reinstantiate': { target: 'online', actions: FORGET },
        'shard.disconnect': { target: 'disconnected', actions: lose('event') },
        'shard.forceClose': { target: 'disconnected', actions: lose('event') },
      },
    },

    // One socket. What ends it leaves this state, by way of `lost`, so that both regions end together.
    online: {
      type: 'parallel',
      invoke: {
        id: 'socket',
        src: 'socket',
        input: ({ context: { connectionId, session, unreachable } }) => ({
          connectionId,
          // A resume host that can't be reached must not cost the session: every other attempt asks the main one.
          resumeUrl: unreachable % 2 === 0 ? (session?.resumeUrl ?? null) : null,
        }),
      },
      entry: 'openConnection',
      exit: 'clearInterval',
      on: {
        'socket.closed': [
          {
            guard: { type: 'isFatal', params: ({ event }) => event.code },
            target: 'failed',
            actions: lose('event'),
          },
          { target: 'lost', actions: lose('event') },
        ],
        'socket.failed': { target: 'lost', actions: lose('event') },
        'socket.corrupted': { target: 'lost', actions: lose('event') },
        'gateway.reconnect': { target: 'lost', actions: lose('reconnectRequested') },
        'gateway.invalidSession': [
          {
            guard: { type: 'isResumable', params: ({ event }) => event.resumable },
            target: 'lost',
            actions: lose('sessionSuspended'),
          },
          { target: 'lost', actions: lose('sessionInvalidated') },
        ],
        'shard.reconnect': { target: 'lost', actions: lose('reconnect') },
        'shard.reinstantiate': { target: 'lost', actions: lose('reinstantiate') },
        'shard.resume': { target: 'lost', actions: [lose('handover'), { type: 'adopt', params: given }] },
        'shard.disconnect': { target: 'disconnecting', actions: lose('event') },
        'shard.forceClose': { target: 'disconnected', actions: [lose('event'), 'announceLoss'] },
      },
      states: {
        session: {
          initial: 'connecting',
          states: {
            // Nothing is sent before HELLO.
            connecting: {
              initial: 'opening',
              exit: 'countUnreachable',
              on: {
                'gateway.hello': [
                  {
                    guard: { type: 'isInsane', params: interval },
                    target: '#shard.lost',
                    actions: lose('invalidInterval'),
                  },
                  { guard: 'hasSession', target: 'resuming', actions: { type: 'greet', params: interval } },
                  { target: 'identifying', actions: { type: 'greet', params: interval } },
                ],
              },
              states: {
                opening: {
                  after: { connectTimeout: { target: '#shard.lost', actions: lose('connectTimeout') } },
                  on: { 'socket.opened': { target: 'awaitingHello', actions: 'announceOpen' } },
                },
                awaitingHello: {
                  after: { helloTimeout: { target: '#shard.lost', actions: lose('helloTimeout') } },
                },
              },
            },

            // Every IDENTIFY costs one of the day's session starts, so it waits for a permit first.
            identifying: {
              initial: 'queued',
              states: {
                queued: {
                  invoke: { src: 'permit', input: ({ context }) => ({ shardId: context.shardId }) },
                  on: {
                    'identify.granted': 'awaitingReady',
                    'identify.refused': { target: '#shard.lost', actions: lose('event') },
                  },
                },
                // While beats are answered the gateway will give a session in the end; patience is cheaper than
                // another IDENTIFY.
                awaitingReady: {
                  entry: 'identify',
                  after: {
                    readyPatience: { target: '#shard.lost', actions: ['countReadyTimeout', lose('readyTimeout')] },
                  },
                },
              },
              on: { 'gateway.ready': { target: 'ready', actions: { type: 'settle', params: ({ event }) => event.session } } },
            },

            // A resume that is left without an answer has failed; RESUMED takes that back.
            resuming: {
              entry: 'resume',
              exit: 'countFailedResume',
              after: { resumedTimeout: { target: '#shard.lost', actions: lose('resumedTimeout') } },
              on: {
                'gateway.resumed': {
                  target: 'ready',
                  actions: 'settleResumed',
                },
                'gateway.ready': { target: 'ready', actions: { type: 'settle', params: ({ event }) => event.session } },
              },
            },

            // Earlier failures are forgotten only after the connection has lived for a while: a gateway that
            // greets and hangs up must still be backed off from.
            ready: {
              after: { stableAfter: { actions: 'forgetAttempts' } },
              on: {
                'gateway.ready': { actions: { type: 'adopt', params: ({ event }) => event.session } },
                'socket.silent': { target: '#shard.lost', actions: lose('silent') },
              },
            },
          },
        },

        heartbeat: {
          initial: 'idle',
          states: {
            idle: {
              on: {
                'gateway.hello': {
                  guard: { type: 'isSane', params: interval },
                  target: 'jitter',
                },
              },
            },
            // The first beat comes at a random point of the interval, so that a fleet does not beat as one.
            jitter: {
              after: { heartbeatJitter: 'beating' },
              on: { 'gateway.heartbeatRequest': { actions: { type: 'beat', params: false } } },
            },
            // The timer of the next beat is on the parent: an ACK must not move the schedule.
            beating: {
              initial: 'awaitingAck',
              entry: { type: 'beat', params: true },
              after: {
                heartbeatInterval: [
                  { guard: 'isAcknowledged', target: 'beating', reenter: true },
                  { target: 'overdue' },
                ],
              },
              on: { 'gateway.heartbeatRequest': { actions: { type: 'beat', params: false } } },
              states: {
                awaitingAck: { on: { 'gateway.heartbeatAck': 'acknowledged' } },
                acknowledged: {},
              },
            },
            // No ACK by the time of the next beat. If this process was asleep or busy the ACK may be waiting on
            // the socket, unread: what is there is read before the verdict.
            overdue: {
              entry: 'drain',
              after: { drainTimeout: { target: '#shard.zombie', actions: lose('zombie') } },
              on: {
                'gateway.heartbeatAck': 'beating',
                'socket.drained': { target: '#shard.zombie', actions: lose('zombie') },
              },
            },
          },
        },
      },
    },

    // The peer is deaf: a close handshake would never be answered, so the socket is torn down.
    zombie: {
      invoke: { src: 'closer', input: farewell },
      after: { zombieTimeout: 'lost' },
      on: {
        'socket.gone': 'lost',
        'shard.reinstantiate': { target: 'lost', actions: lose('reinstantiate') },
        'shard.resume': { target: 'lost', actions: [lose('handover'), { type: 'adopt', params: given }] },
        'shard.disconnect': { target: 'disconnecting', actions: lose('event') },
        'shard.forceClose': { target: 'disconnected', actions: [lose('event'), 'announceLoss'] },
      },
    },

    // A fork, never rested in.
    lost: {
      always: [{ guard: 'mayReconnect', target: 'reconnecting' }, { target: 'disconnecting' }],
    },

    // Waits out the pause. The old socket says goodbye meanwhile and is gone when this state is left.
    reconnecting: {
      entry: ['countAttempt', 'announceLoss'],
      invoke: { src: 'closer', input: farewell },
      after: { reconnectDelay: 'online' },
      on: {
        'shard.reinstantiate': { actions: FORGET },
        'shard.resume': { actions: { type: 'adopt', params: given } },
        'shard.disconnect': { target: 'disconnecting', actions: lose('event') },
        'shard.forceClose': { target: 'disconnected', actions: [lose('event'), 'announceLoss'] },
      },
    },

    // Waits for the answer to the close frame, but not for ever. A connect() that comes meanwhile follows it.
    disconnecting: {
      invoke: { src: 'closer', input: farewell },
      exit: 'announceLoss',
      initial: 'leaving',
      after: {
        closeTimeout: [
          { guard: 'isReturning', target: 'restoring', actions: 'startOver' },
          { target: 'disconnected' },
        ],
      },
      on: {
        'socket.gone': [
          { guard: 'isReturning', target: 'restoring', actions: 'startOver' },
          { target: 'disconnected' },
        ],
        'shard.forceClose': { target: 'disconnected', actions: lose('event') },
      },
      states: {
        leaving: {
          on: {
            'shard.connect': 'returning',
            'shard.resume': { target: 'returning', actions: { type: 'adopt', params: given } },
            'shard.reinstantiate': { target: 'returning', actions: FORGET },
          },
        },
        returning: { on: { 'shard.disconnect': 'leaving' } },
      },
    },

    // Discord's refusal is final until somebody changes something; the shard says what.
    failed: {
      entry: ['announceLoss', 'announceFailure'],
      on: {
        'shard.connect': { target: 'restoring', actions: 'startOver' },
        'shard.resume': { target: 'online', actions: ['startOver', { type: 'adopt', params: given }] },
        'shard.reinstantiate': { target: 'online', actions: ['startOver', FORGET] },
      },
    },
  },
});
