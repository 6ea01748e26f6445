/** The steps of a shard through its chart, as an inspector logs them: connect → ready → zombie → resume. */
import type { ShardState } from '../../../src/index.ts';
import type { PageFeed } from './page-feed.ts';

export interface ChartStep {
  readonly event: string;
  readonly taken: readonly string[];
  readonly active: readonly string[];
  /** The new flat state, when it changes. */
  readonly state?: ShardState;
}

const SESSION_REGION = 'shard.online.session';
const HEARTBEAT_REGION = 'shard.online.heartbeat';

export const CONNECT: readonly ChartStep[] = [
  {
    event: 'shard.connect',
    taken: ['shard.disconnected on shard.connect [0]'],
    active: ['shard.restoring'],
    state: 'connecting',
  },
  {
    event: 'session.loaded',
    taken: ['shard.restoring on session.loaded [0]'],
    active: [`${SESSION_REGION}.connecting.opening`, `${HEARTBEAT_REGION}.idle`],
  },
  {
    event: 'socket.opened',
    taken: [`${SESSION_REGION}.connecting.opening on socket.opened [0]`],
    active: [`${SESSION_REGION}.connecting.awaitingHello`, `${HEARTBEAT_REGION}.idle`],
  },
  {
    event: 'gateway.hello',
    taken: [`${SESSION_REGION}.connecting on gateway.hello [2]`, `${HEARTBEAT_REGION}.idle on gateway.hello [0]`],
    active: [`${SESSION_REGION}.identifying.queued`, `${HEARTBEAT_REGION}.jitter`],
    state: 'identifying',
  },
  {
    event: 'identify.granted',
    taken: [`${SESSION_REGION}.identifying.queued on identify.granted [0]`],
    active: [`${SESSION_REGION}.identifying.awaitingReady`, `${HEARTBEAT_REGION}.jitter`],
  },
  {
    event: 'gateway.ready',
    taken: [`${SESSION_REGION}.identifying on gateway.ready [0]`],
    active: [`${SESSION_REGION}.ready`, `${HEARTBEAT_REGION}.jitter`],
    state: 'ready',
  },
];

export const HEARTBEAT: readonly ChartStep[] = [
  {
    event: 'xstate.after.heartbeatJitter',
    taken: [`${HEARTBEAT_REGION}.jitter after heartbeatJitter [0]`],
    active: [`${SESSION_REGION}.ready`, `${HEARTBEAT_REGION}.beating.awaitingAck`],
  },
  {
    event: 'gateway.heartbeatAck',
    taken: [`${HEARTBEAT_REGION}.beating.awaitingAck on gateway.heartbeatAck [0]`],
    active: [`${SESSION_REGION}.ready`, `${HEARTBEAT_REGION}.beating.acknowledged`],
  },
];

export const ZOMBIE: readonly ChartStep[] = [
  {
    event: 'xstate.after.heartbeatInterval',
    taken: [`${HEARTBEAT_REGION}.beating after heartbeatInterval [1]`],
    active: [`${SESSION_REGION}.ready`, `${HEARTBEAT_REGION}.overdue`],
  },
  {
    event: 'socket.readsFlushed',
    taken: [`${HEARTBEAT_REGION}.overdue on socket.readsFlushed [0]`],
    active: ['shard.zombie'],
    state: 'zombie',
  },
  {
    event: 'socket.closeCompleted',
    taken: ['shard.zombie on socket.closeCompleted [0]', 'shard.lost always [0]'],
    active: ['shard.reconnecting'],
    state: 'reconnecting',
  },
];

export const RESUME: readonly ChartStep[] = [
  {
    event: 'xstate.after.reconnectDelay',
    taken: ['shard.reconnecting after reconnectDelay [0]'],
    active: [`${SESSION_REGION}.connecting.opening`, `${HEARTBEAT_REGION}.idle`],
    state: 'connecting',
  },
  {
    event: 'socket.opened',
    taken: [`${SESSION_REGION}.connecting.opening on socket.opened [0]`],
    active: [`${SESSION_REGION}.connecting.awaitingHello`, `${HEARTBEAT_REGION}.idle`],
  },
  {
    event: 'gateway.hello',
    taken: [`${SESSION_REGION}.connecting on gateway.hello [1]`, `${HEARTBEAT_REGION}.idle on gateway.hello [0]`],
    active: [`${SESSION_REGION}.resuming`, `${HEARTBEAT_REGION}.jitter`],
    state: 'resuming',
  },
  {
    event: 'gateway.resumed',
    taken: [`${SESSION_REGION}.resuming on gateway.resumed [0]`],
    active: [`${SESSION_REGION}.ready`, `${HEARTBEAT_REGION}.jitter`],
    state: 'ready',
  },
];

/** Sends one step of the selected shard, `afterMs` after the one before. */
export function sendStep(feed: PageFeed, key: string, step: ChartStep, afterMs = 120): void {
  feed.now += afterMs;
  const log = [feed.addEntry(key, 'event', step.event, { active: step.active, taken: step.taken })];
  if (step.state === undefined) return feed.sendBatch({ log });
  const from = feed.shards.get(key)?.state ?? 'disconnected';
  log.push(feed.addEntry(key, 'state', `${from} → ${step.state}`));
  feed.sendBatch({
    log,
    shards: [feed.setShard(key, { state: step.state, since: feed.now })],
    states: [{ at: feed.now, state: step.state }],
  });
}
