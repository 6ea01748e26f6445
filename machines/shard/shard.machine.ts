/**
 * The statechart of one shard.
 *
 * The shard opens a WebSocket and waits for the gateway's HELLO, which starts the heartbeat. With a session the shard
 * sends RESUME. Without one it waits for a permit and sends IDENTIFY. RESUMED or READY makes it ready. Two regions run
 * side by side in `online`: one follows the session, the other sends heartbeats. When the connection is lost, a row of
 * `losses.ts` says whether the session is kept. The chart then waits and connects again, unless Discord closed with a
 * fatal code or you asked it to stop.
 *
 * Only what changes the lifecycle passes through the chart; ordinary dispatches do not. The actors here are
 * placeholders; `src/actors` provides the real ones.
 *
 * @see https://discord.com/developers/docs/events/gateway#connection-lifecycle
 */
import { heartbeatStates } from './heartbeat.states.ts';
import { warmingUpState } from './warming-up.state.ts';
import {
  CLEAR_SESSION,
  COMMANDS_AT_REST,
  COMMANDS_BEFORE_SOCKET,
  FAILURE,
  FATAL_CLOSE,
  KEEP_SESSION,
  SET_LOADED_SESSION,
  SESSION_OVER,
  STORE_SILENT,
  closeCodeFromEvent,
  closeInput,
  sessionFromEvent,
  intervalFromEvent,
  loadedSession,
  recordLossOf,
  shardSetup,
} from './shard.setup.ts';
import { NO_LOSSES } from '../timing.ts';

export const shardMachine = shardSetup.createMachine({
  id: 'shard',
  context: ({ input }) => ({
    ...input,
    connectionId: 0,
    heartbeatIntervalMs: null,
    reached: 'nothing',
    lossCounts: NO_LOSSES,
    unreachableCount: 0,
    failedResumes: 0,
    unansweredResumes: 0,
    unreadableCount: 0,
    isSessionOfLoss: false,
    readyTimeouts: 0,
    readyCount: 0,
    claimWaitMs: 0,
    loss: null,
  }),
  initial: 'disconnected',
  states: {
    // There is no socket. A session may remain, which the next connection resumes. A stop can still discard it.
    disconnected: { on: COMMANDS_AT_REST },

    // Claims its session in the store, where the store has owners. Then looks for a session: the shard's own, or the one
    // that an earlier process stored. If the store is slow or broken, the shard goes on with its own session, or starts a
    // new one, rather than not connecting. But once another process had the session, only a claim says that it is free.
    restoring: {
      invoke: { src: 'loadSession', input: ({ context }) => ({ shardId: context.shardId }) },
      after: {
        restoreTimeout: [
          { guard: 'isOwnerUnknown', target: 'online', actions: [KEEP_SESSION, STORE_SILENT] },
          { guard: 'isClaimOverdue', target: 'failed', actions: 'emitFailed' },
          { target: 'awaitingOwner', actions: ['countSilentClaim', STORE_SILENT] },
        ],
      },
      on: {
        'session.loaded': [
          { guard: { type: 'mustWarmUp', params: loadedSession }, target: 'warmingUp', actions: SET_LOADED_SESSION },
          { target: 'online', actions: SET_LOADED_SESSION },
        ],
        'session.unavailable': {
          target: 'online',
          actions: [
            KEEP_SESSION,
            { type: 'emitStoreFault', params: ({ event: { reason, cause } }) => ({ reason, cause }) },
          ],
        },
        'session.inUse': [
          { guard: 'isClaimOverdue', target: 'failed', actions: [recordLossOf('event'), 'emitFailed'] },
          { target: 'awaitingOwner', actions: recordLossOf('event') },
        ],
        ...COMMANDS_BEFORE_SOCKET,
      },
    },

    // Another process runs this shard. Two connections with one session would close each other, so the shard waits for
    // the other to stop, and asks again until `claimTimeoutMs` is over.
    awaitingOwner: { entry: 'countClaimRetry', after: { claimRetryDelay: 'restoring' }, on: COMMANDS_BEFORE_SOCKET },

    warmingUp: warmingUpState,

    // One socket is open or opening. Every loss leaves this state, so that both regions end together.
    online: {
      type: 'parallel',
      invoke: {
        id: 'socket',
        src: 'socket',
        input: ({ context: { connectionId, session, unreachableCount } }) => ({
          connectionId,
          // Every other attempt goes to the main URL, so that an unreachable resume host does not cost the session.
          resumeUrl: unreachableCount % 2 === 0 ? (session?.resumeUrl ?? null) : null,
        }),
      },
      entry: 'startConnection',
      exit: 'clearHeartbeatInterval',
      on: {
        'socket.closed': [
          {
            guard: { type: 'isFatal', params: ({ event }) => event.code },
            target: 'failed',
            actions: FAILURE,
          },
          { target: 'lost', actions: recordLossOf('event') },
        ],
        'socket.failed': { target: 'lost', actions: recordLossOf('event') },
        'socket.decodeFailed': {
          target: 'lost',
          actions: [
            { type: 'countUnreadable', params: ({ event }) => event.hasSequence === true },
            recordLossOf('event'),
          ],
        },
        'gateway.reconnect': { target: 'lost', actions: recordLossOf('reconnectRequested') },
        'gateway.invalidSession': [
          {
            guard: { type: 'isResumable', params: ({ event }) => event.resumable },
            target: 'lost',
            actions: recordLossOf('invalidSessionResumable'),
          },
          { target: 'lost', actions: recordLossOf('invalidSession') },
        ],
        'consumer.bufferFull': { target: 'lost', actions: ['forgiveFailedResumes', recordLossOf('event')] },
        'shard.reconnect': { target: 'lost', actions: recordLossOf('reconnect') },
        'shard.reinstantiate': { target: 'lost', actions: recordLossOf('reinstantiate') },
        'shard.resume': {
          target: 'lost',
          actions: [recordLossOf('resume'), { type: 'setSession', params: sessionFromEvent }],
        },
        'shard.disconnect': { target: 'disconnecting', actions: recordLossOf('event') },
        'shard.forceClose': { target: 'disconnected', actions: [recordLossOf('event'), 'emitDisconnected'] },
      },
      states: {
        session: {
          initial: 'connecting',
          states: {
            // Waits for the socket, then for HELLO. The shard sends nothing before HELLO.
            connecting: {
              initial: 'opening',
              exit: 'countUnreachable',
              on: {
                'gateway.hello': [
                  {
                    guard: { type: 'isInvalidInterval', params: intervalFromEvent },
                    target: '#shard.lost',
                    actions: recordLossOf('invalidInterval'),
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
                  after: { connectTimeout: { target: '#shard.lost', actions: recordLossOf('connectTimeout') } },
                  on: { 'socket.opened': { target: 'awaitingHello', actions: 'emitConnected' } },
                },
                awaitingHello: {
                  after: { helloTimeout: { target: '#shard.lost', actions: recordLossOf('helloTimeout') } },
                },
              },
            },

            // Starts a new session. Each IDENTIFY uses one of the day's session starts, so a permit comes first.
            identifying: {
              initial: 'queued',
              states: {
                queued: {
                  invoke: { src: 'identifyPermit', input: ({ context }) => ({ shardId: context.shardId }) },
                  on: {
                    'identify.granted': 'awaitingReady',
                    'identify.refused': { target: '#shard.lost', actions: recordLossOf('event') },
                  },
                },
                // While the gateway acknowledges heartbeats it sends READY sooner or later. Waiting costs less than
                // another IDENTIFY.
                awaitingReady: {
                  entry: 'identify',
                  after: {
                    readyPatience: {
                      target: '#shard.lost',
                      actions: ['countReadyTimeout', recordLossOf('readyTimeout')],
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

            // Waits for the replay and RESUMED. Leaving counts a failed resume; RESUMED and READY reset the count.
            resuming: {
              entry: 'resume',
              exit: 'countFailedResume',
              after: {
                resumedTimeout: {
                  target: '#shard.lost',
                  actions: ['countUnansweredResume', recordLossOf('resumedTimeout')],
                },
              },
              on: {
                'gateway.replayStarted': { actions: 'recordReplay' },
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

            // Receives dispatches and sends. Forgets the lost connections only after `stableAfter`: a gateway that
            // accepts and closes at once must not be flooded with attempts.
            ready: {
              after: { stableAfter: { actions: 'forgetLosses' } },
              on: {
                'gateway.ready': { actions: { type: 'replaceSession', params: ({ event }) => event.session } },
                'socket.dispatchTimeout': { target: '#shard.lost', actions: recordLossOf('dispatchTimeout') },
              },
            },
          },
        },

        heartbeat: heartbeatStates,
      },
    },

    // The gateway no longer answers, so it would not answer a close handshake either: the shard terminates the socket.
    zombie: {
      invoke: { src: 'closeSocket', input: closeInput },
      after: { zombieTimeout: 'lost' },
      on: {
        // A close code may have been read on the way.
        'socket.closeCompleted': [
          { ...FATAL_CLOSE, target: 'failed' },
          { ...SESSION_OVER, target: 'lost' },
          { target: 'lost' },
        ],
        'shard.reinstantiate': { target: 'lost', actions: recordLossOf('reinstantiate') },
        'shard.resume': {
          target: 'lost',
          actions: [recordLossOf('resume'), { type: 'setSession', params: sessionFromEvent }],
        },
        'shard.disconnect': { target: 'disconnecting', actions: recordLossOf('event') },
        'shard.forceClose': { target: 'disconnected', actions: [recordLossOf('event'), 'emitDisconnected'] },
      },
    },

    // Decides at once whether to reconnect.
    lost: {
      always: [{ guard: 'mayReconnect', target: 'reconnecting' }, { target: 'disconnecting' }],
    },

    // Waits before the next attempt, and closes the old socket meanwhile. If it is still open then, the next connection
    // waits for its close code, for a moment. After `bufferFull` the wait ends when the consumers of dispatches() have made
    // room, however long that takes: a connection would only bring more. Discord keeps what the shard misses, and RESUME
    // replays it.
    reconnecting: {
      entry: ['countLoss', 'emitDisconnected'],
      invoke: { src: 'closeSocket', input: closeInput },
      after: { reconnectDelay: { guard: 'hasRoom', target: 'online' } },
      on: {
        // The gateway's close frame crossed that of the shard. What its code says holds all the same.
        'socket.closeCompleted': [{ ...FATAL_CLOSE, target: 'failed' }, SESSION_OVER],
        'consumer.room': 'online',
        'shard.reinstantiate': { actions: CLEAR_SESSION },
        'shard.resume': { actions: { type: 'setSession', params: sessionFromEvent } },
        'shard.disconnect': { target: 'disconnecting', actions: recordLossOf('event') },
        'shard.forceClose': { target: 'disconnected', actions: [recordLossOf('event'), 'emitDisconnected'] },
      },
    },

    // Closes the socket and waits for the answer, at most `closeTimeout`. Then follows a connect() that came meanwhile.
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
          {
            guard: 'isReconnectRequested',
            target: 'restoring',
            actions: [{ type: 'recordCloseCode', params: closeCodeFromEvent }, 'resetCounters'],
          },
          { target: 'disconnected', actions: { type: 'recordCloseCode', params: closeCodeFromEvent } },
        ],
        'shard.forceClose': { target: 'disconnected', actions: recordLossOf('event') },
      },
      states: {
        closing: {
          on: {
            'shard.disconnect': { actions: 'recordDiscard' },
            'shard.connect': 'reconnectRequested',
            'shard.resume': { target: 'reconnectRequested', actions: { type: 'setSession', params: sessionFromEvent } },
            'shard.reinstantiate': { target: 'reconnectRequested', actions: CLEAR_SESSION },
          },
        },
        reconnectRequested: { on: { 'shard.disconnect': { target: 'closing', actions: 'recordDiscard' } } },
      },
    },

    // Discord closed with a code that no retry can cure, or another process did not stop in time. You can call connect()
    // again once the cause is fixed.
    failed: { on: COMMANDS_AT_REST },
  },
});
