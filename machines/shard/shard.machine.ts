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
import {
  CLEAR_SESSION,
  closeInput,
  sessionFromEvent,
  intervalFromEvent,
  recordLoss,
  shardSetup,
} from './shard.setup.ts';

export const shardMachine = shardSetup.createMachine({
  id: 'shard',
  context: ({ input }) => ({
    ...input,
    connectionId: 0,
    heartbeatIntervalMs: null,
    attempt: 0,
    unreachableCount: 0,
    failedResumes: 0,
    readyTimeouts: 0,
    readyCount: 0,
    loss: null,
  }),
  initial: 'disconnected',
  states: {
    // No socket. May hold a session, which the next connection resumes.
    disconnected: {
      on: {
        'shard.connect': { target: 'restoring', actions: 'resetCounters' },
        'shard.resume': {
          target: 'online',
          actions: ['resetCounters', { type: 'setSession', params: sessionFromEvent }],
        },
        'shard.reinstantiate': { target: 'online', actions: ['resetCounters', CLEAR_SESSION] },
      },
    },

    // Looks for a session: the one at hand, or one that an earlier process left. A store that is slow or broken costs a new session, not
    // the connection: one that is still known here was given up at rest.
    restoring: {
      invoke: { src: 'loadSession', input: ({ context }) => ({ shardId: context.shardId }) },
      after: {
        restoreTimeout: {
          target: 'online',
          actions: [
            CLEAR_SESSION,
            {
              type: 'emitStoreFault',
              params: { reason: 'the session store did not answer in time', cause: undefined },
            },
          ],
        },
      },
      on: {
        'session.loaded': { target: 'online', actions: { type: 'setSession', params: ({ event }) => event.session } },
        'session.unavailable': {
          target: 'online',
          actions: [
            CLEAR_SESSION,
            { type: 'emitStoreFault', params: ({ event: { reason, cause } }) => ({ reason, cause }) },
          ],
        },
        'shard.resume': { target: 'online', actions: { type: 'setSession', params: sessionFromEvent } },
        'shard.reinstantiate': { target: 'online', actions: CLEAR_SESSION },
        'shard.disconnect': { target: 'disconnected', actions: recordLoss('event') },
        'shard.forceClose': { target: 'disconnected', actions: recordLoss('event') },
      },
    },

    // One socket. What ends it leaves this state, by way of `lost`, so that both regions end together.
    online: {
      type: 'parallel',
      invoke: {
        id: 'socket',
        src: 'socket',
        input: ({ context: { connectionId, session, unreachableCount } }) => ({
          connectionId,
          // A resume host that can't be reached must not cost the session: every other attempt asks the main one.
          resumeUrl: unreachableCount % 2 === 0 ? (session?.resumeUrl ?? null) : null,
        }),
      },
      entry: 'nextConnectionId',
      exit: 'clearHeartbeatInterval',
      on: {
        'socket.closed': [
          {
            guard: { type: 'isFatal', params: ({ event }) => event.code },
            target: 'failed',
            actions: recordLoss('event'),
          },
          { target: 'lost', actions: recordLoss('event') },
        ],
        'socket.failed': { target: 'lost', actions: recordLoss('event') },
        'socket.decodeFailed': { target: 'lost', actions: recordLoss('event') },
        'gateway.reconnect': { target: 'lost', actions: recordLoss('reconnectRequested') },
        'gateway.invalidSession': [
          {
            guard: { type: 'isResumable', params: ({ event }) => event.resumable },
            target: 'lost',
            actions: recordLoss('invalidSessionResumable'),
          },
          { target: 'lost', actions: recordLoss('invalidSession') },
        ],
        'shard.reconnect': { target: 'lost', actions: recordLoss('reconnect') },
        'shard.reinstantiate': { target: 'lost', actions: recordLoss('reinstantiate') },
        'shard.resume': {
          target: 'lost',
          actions: [recordLoss('resume'), { type: 'setSession', params: sessionFromEvent }],
        },
        'shard.disconnect': { target: 'disconnecting', actions: recordLoss('event') },
        'shard.forceClose': { target: 'disconnected', actions: [recordLoss('event'), 'emitDisconnected'] },
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
                    guard: { type: 'isInvalidInterval', params: intervalFromEvent },
                    target: '#shard.lost',
                    actions: recordLoss('invalidInterval'),
                  },
                  {
                    guard: 'hasSession',
                    target: 'resuming',
                    actions: { type: 'recordHello', params: intervalFromEvent },
                  },
                  { target: 'identifying', actions: { type: 'recordHello', params: intervalFromEvent } },
                ],
              },
              states: {
                opening: {
                  after: { connectTimeout: { target: '#shard.lost', actions: recordLoss('connectTimeout') } },
                  on: { 'socket.opened': { target: 'awaitingHello', actions: 'emitConnected' } },
                },
                awaitingHello: {
                  after: { helloTimeout: { target: '#shard.lost', actions: recordLoss('helloTimeout') } },
                },
              },
            },

            // Every IDENTIFY costs one of the day's session starts, so it waits for a permit first.
            identifying: {
              initial: 'queued',
              states: {
                queued: {
                  invoke: { src: 'identifyPermit', input: ({ context }) => ({ shardId: context.shardId }) },
                  on: {
                    'identify.granted': 'awaitingReady',
                    'identify.refused': { target: '#shard.lost', actions: recordLoss('event') },
                  },
                },
                // While beats are answered the gateway will give a session in the end; patience is cheaper than
                // another IDENTIFY.
                awaitingReady: {
                  entry: 'identify',
                  after: {
                    readyPatience: {
                      target: '#shard.lost',
                      actions: ['countReadyTimeout', recordLoss('readyTimeout')],
                    },
                  },
                },
              },
              on: {
                'gateway.ready': {
                  target: 'ready',
                  actions: { type: 'recordReady', params: ({ event }) => event.session },
                },
              },
            },

            // A resume that is left without an answer has failed; RESUMED takes that back.
            resuming: {
              entry: 'resume',
              exit: 'countFailedResume',
              after: { resumedTimeout: { target: '#shard.lost', actions: recordLoss('resumedTimeout') } },
              on: {
                'gateway.resumed': {
                  target: 'ready',
                  actions: 'recordResumed',
                },
                'gateway.ready': {
                  target: 'ready',
                  actions: { type: 'recordReady', params: ({ event }) => event.session },
                },
              },
            },

            // Earlier failures are forgotten only after the connection has lived for a while: a gateway that
            // greets and hangs up must still be backed off from.
            ready: {
              after: { stableAfter: { actions: 'resetAttempts' } },
              on: {
                'gateway.ready': { actions: { type: 'setSession', params: ({ event }) => event.session } },
                'socket.dispatchTimeout': { target: '#shard.lost', actions: recordLoss('dispatchTimeout') },
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
                  guard: { type: 'isValidInterval', params: intervalFromEvent },
                  target: 'jitter',
                },
              },
            },
            // The first beat comes at a random point of the interval, so that a fleet does not beat as one.
            jitter: {
              after: { heartbeatJitter: 'beating' },
              on: { 'gateway.heartbeatRequest': { actions: { type: 'heartbeat', params: false } } },
            },
            // The timer of the next beat is on the parent: an ACK must not move the schedule.
            beating: {
              initial: 'awaitingAck',
              entry: { type: 'heartbeat', params: true },
              after: {
                heartbeatInterval: [
                  { guard: 'isAcknowledged', target: 'beating', reenter: true },
                  { target: 'overdue' },
                ],
              },
              on: { 'gateway.heartbeatRequest': { actions: { type: 'heartbeat', params: false } } },
              states: {
                awaitingAck: { on: { 'gateway.heartbeatAck': 'acknowledged' } },
                acknowledged: {},
              },
            },
            // No ACK by the time of the next beat. If this process was asleep or busy the ACK may be waiting on
            // the socket, unread: what is there is read before the verdict.
            overdue: {
              entry: 'flushReads',
              after: { flushReadsTimeout: { target: '#shard.zombie', actions: recordLoss('zombie') } },
              on: {
                'gateway.heartbeatAck': 'beating',
                'socket.readsFlushed': { target: '#shard.zombie', actions: recordLoss('zombie') },
              },
            },
          },
        },
      },
    },

    // The peer is deaf: a close handshake would never be answered, so the socket is torn down.
    zombie: {
      invoke: { src: 'closeSocket', input: closeInput },
      after: { zombieTimeout: 'lost' },
      on: {
        'socket.closeCompleted': 'lost',
        'shard.reinstantiate': { target: 'lost', actions: recordLoss('reinstantiate') },
        'shard.resume': {
          target: 'lost',
          actions: [recordLoss('resume'), { type: 'setSession', params: sessionFromEvent }],
        },
        'shard.disconnect': { target: 'disconnecting', actions: recordLoss('event') },
        'shard.forceClose': { target: 'disconnected', actions: [recordLoss('event'), 'emitDisconnected'] },
      },
    },

    // A fork, never rested in.
    lost: {
      always: [{ guard: 'mayReconnect', target: 'reconnecting' }, { target: 'disconnecting' }],
    },

    // Waits out the pause. The old socket says goodbye meanwhile and is gone when this state is left.
    reconnecting: {
      entry: ['countAttempt', 'emitDisconnected'],
      invoke: { src: 'closeSocket', input: closeInput },
      after: { reconnectDelay: 'online' },
      on: {
        'shard.reinstantiate': { actions: CLEAR_SESSION },
        'shard.resume': { actions: { type: 'setSession', params: sessionFromEvent } },
        'shard.disconnect': { target: 'disconnecting', actions: recordLoss('event') },
        'shard.forceClose': { target: 'disconnected', actions: [recordLoss('event'), 'emitDisconnected'] },
      },
    },

    // Waits for the answer to the close frame, but not for ever. A connect() that comes meanwhile follows it.
    disconnecting: {
      invoke: { src: 'closeSocket', input: closeInput },
      exit: 'emitDisconnected',
      initial: 'closing',
      after: {
        closeTimeout: [
          { guard: 'isReconnectRequested', target: 'restoring', actions: 'resetCounters' },
          { target: 'disconnected' },
        ],
      },
      on: {
        'socket.closeCompleted': [
          { guard: 'isReconnectRequested', target: 'restoring', actions: 'resetCounters' },
          { target: 'disconnected' },
        ],
        'shard.forceClose': { target: 'disconnected', actions: recordLoss('event') },
      },
      states: {
        closing: {
          on: {
            'shard.connect': 'reconnectRequested',
            'shard.resume': { target: 'reconnectRequested', actions: { type: 'setSession', params: sessionFromEvent } },
            'shard.reinstantiate': { target: 'reconnectRequested', actions: CLEAR_SESSION },
          },
        },
        reconnectRequested: { on: { 'shard.disconnect': 'closing' } },
      },
    },

    // Discord's refusal is final until somebody changes something; the shard says what.
    failed: {
      entry: ['emitDisconnected', 'emitFailed'],
      on: {
        'shard.connect': { target: 'restoring', actions: 'resetCounters' },
        'shard.resume': {
          target: 'online',
          actions: ['resetCounters', { type: 'setSession', params: sessionFromEvent }],
        },
        'shard.reinstantiate': { target: 'online', actions: ['resetCounters', CLEAR_SESSION] },
      },
    },
  },
});
