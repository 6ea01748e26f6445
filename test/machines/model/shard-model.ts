/** The chart of a shard as a model: fixed random numbers, short times, and every event that may happen. */
import type { SnapshotFrom } from 'xstate';
import { CLAIM_RETRY_MS, CLOSE_CODES, DEFAULT_TIMING, shardDelays, shardMachine } from '../../../machines/index.ts';
import type { SessionIdentity, ShardEvent, ShardInput, ShardTiming } from '../../../machines/index.ts';
import { INTERVAL_MS, OTHER, SESSION, closed } from '../shard-events.ts';

export type ShardMachine = typeof shardMachine;
export type ShardSnapshot = SnapshotFrom<ShardMachine>;

export const random = (): number => 0.5;

/** No time of the model falls on a heartbeat, which come after 20 s, 60 s, 100 s and so on. */
export const TIMING: ShardTiming = {
  ...DEFAULT_TIMING,
  readyPatienceMs: 75_000,
  resumedTimeoutMs: 70_000,
  maxResumeAttempts: 2,
  // A second retry, so that a claim may also stay unanswered in between.
  claimTimeoutMs: CLAIM_RETRY_MS + 1,
};

export const model: ShardMachine = shardMachine.provide({ delays: shardDelays({ random }) });

const input = (shouldReconnect: boolean, session: SessionIdentity | null, warmStart = false): ShardInput => ({
  shardId: 0,
  shardCount: 1,
  shouldReconnect,
  warmStart,
  session,
  timing: TIMING,
});

export const INPUTS: readonly ShardInput[] = [
  input(true, null),
  input(true, SESSION),
  input(false, null),
  input(false, SESSION),
  input(true, null, true),
];

/** The input of a shard with default options. */
export const DEFAULT_INPUT = input(true, null);

/** Every command that a user can send. */
export const COMMANDS: readonly ShardEvent[] = [
  { type: 'shard.connect' },
  { type: 'shard.resume', session: OTHER },
  { type: 'shard.reconnect' },
  { type: 'shard.reinstantiate' },
  { type: 'shard.disconnect', code: 4000, reason: 'enough', session: 'keep' },
  { type: 'shard.disconnect', code: 1000, reason: 'enough', session: 'discard' },
  { type: 'shard.forceClose', code: 4000, session: 'keep' },
  { type: 'shard.forceClose', code: 1001, session: 'discard' },
  { type: 'shard.connectWith', session: null },
  { type: 'shard.connectWith', session: SESSION },
];

/** The answers of the session store and the identify gate. */
export const STORE_AND_GATE_EVENTS: readonly ShardEvent[] = [
  { type: 'session.loaded', session: null },
  { type: 'session.loaded', session: SESSION },
  { type: 'session.unavailable', reason: 'no disk' },
  { type: 'session.inUse', reason: 'another process' },
  { type: 'snapshot.delivered' },
  { type: 'snapshot.failed', reason: 'no guilds' },
  { type: 'identify.granted' },
  { type: 'identify.refused', reason: 'no gate' },
];

/** What the buffers of `dispatches()` report. */
export const CONSUMER_EVENTS: readonly ShardEvent[] = [
  { type: 'consumer.bufferFull' },
  { type: 'consumer.bufferFull', because: 'suspended' },
  { type: 'consumer.room' },
];

/** One close code of each kind. */
const CODES = [1006, 4003, 4004, 4008];

/** Every event of the socket and of the gateway. */
export const connectionEvents = (connectionId: number): ShardEvent[] => [
  { type: 'socket.opened', connectionId },
  ...CODES.map((code) => ({ ...closed(code), connectionId })),
  { type: 'socket.failed', connectionId, reason: 'ECONNRESET' },
  { type: 'socket.decodeFailed', connectionId, reason: 'broken' },
  { type: 'socket.readsFlushed', connectionId },
  { type: 'socket.dispatchTimeout', connectionId },
  { type: 'gateway.hello', connectionId, heartbeatIntervalMs: INTERVAL_MS },
  { type: 'gateway.hello', connectionId, heartbeatIntervalMs: 0 },
  { type: 'gateway.ready', connectionId, session: SESSION },
  { type: 'gateway.replayStarted', connectionId },
  { type: 'gateway.resumed', connectionId },
  { type: 'gateway.reconnect', connectionId },
  { type: 'gateway.invalidSession', connectionId, resumable: true },
  { type: 'gateway.invalidSession', connectionId, resumable: false },
  { type: 'gateway.heartbeatRequest', connectionId },
  { type: 'gateway.heartbeatAck', connectionId },
];

/** The gateway has closed with a code of its own while the close frame of the shard was on its way. */
export const crossedCloses = (connectionId: number): ShardEvent[] =>
  [4009, 4004].map((code) => ({ type: 'socket.closeCompleted', connectionId, code, reason: '' }));

/** Every event that may happen. */
export const possibleEvents = ({ context: { connectionId } }: ShardSnapshot): ShardEvent[] => [
  ...COMMANDS,
  ...STORE_AND_GATE_EVENTS,
  ...CONSUMER_EVENTS,
  ...connectionEvents(connectionId),
  { type: 'socket.closeCompleted', connectionId },
  ...crossedCloses(connectionId),
];

/** Events that only a bug of ours or of a gateway would send. Some violate the types. */
export const malformedEvents = ({ context: { connectionId } }: ShardSnapshot): ShardEvent[] =>
  [
    ...[Number.NaN, -1, Infinity, -Infinity, 49, 86_400_001, null, undefined, 'soon', {}].map(
      (heartbeatIntervalMs) => ({
        type: 'gateway.hello',
        connectionId,
        heartbeatIntervalMs,
      }),
    ),
    ...[
      ...Object.keys(CLOSE_CODES).map(Number),
      -1,
      0,
      999,
      5000,
      65_536,
      Number.NaN,
      undefined,
      null,
      '4004',
      'toString',
    ].map((code) => ({
      type: 'socket.closed',
      connectionId,
      code,
      reason: '',
    })),
    ...[undefined, null, {}].map((session) => ({ type: 'gateway.ready', connectionId, session })),
    ...[undefined, null, 'yes', 0].map((resumable) => ({ type: 'gateway.invalidSession', connectionId, resumable })),
    { type: 'socket.closed' },
    { type: 'socket.opened', connectionId: connectionId - 1 },
    { type: 'gateway.reconnect', connectionId: Number.NaN },
    { type: 'shard.disconnect' },
    { type: 'shard.forceClose', code: Number.NaN },
    { type: 'gateway.unheardOf', connectionId },
    { type: '' },
  ] as ShardEvent[];
