/** The steps of a shard through its chart, as an inspector tells them: connect → ready → zombie → resume. */
import type { ShardState } from '../../../src/index.ts';
import type { PageFeed } from './feed.ts';

export interface StoryStep {
  readonly event: string;
  readonly taken: readonly string[];
  readonly active: readonly string[];
  /** When the flat state changes with it. */
  readonly state?: ShardState;
}

const SESSION = 'shard.online.session';
const HEART = 'shard.online.heartbeat';

export const CONNECT: readonly StoryStep[] = [
  { event: 'shard.connect', taken: ['shard.disconnected on shard.connect [0]'], active: ['shard.restoring'], state: 'connecting' },
  { event: 'session.loaded', taken: ['shard.restoring on session.loaded [0]'], active: [`${SESSION}.connecting.opening`, `${HEART}.idle`] },
  { event: 'socket.opened', taken: [`${SESSION}.connecting.opening on socket.opened [0]`], active: [`${SESSION}.connecting.awaitingHello`, `${HEART}.idle`] },
  {
    event: 'gateway.hello',
    taken: [`${SESSION}.connecting on gateway.hello [2]`, `${HEART}.idle on gateway.hello [0]`],
    active: [`${SESSION}.identifying.queued`, `${HEART}.jitter`],
    state: 'identifying',
  },
  { event: 'identify.granted', taken: [`${SESSION}.identifying.queued on identify.granted [0]`], active: [`${SESSION}.identifying.awaitingReady`, `${HEART}.jitter`] },
  { event: 'gateway.ready', taken: [`${SESSION}.identifying on gateway.ready [0]`], active: [`${SESSION}.ready`, `${HEART}.jitter`], state: 'ready' },
];

export const BEAT: readonly StoryStep[] = [
  { event: 'xstate.after.heartbeatJitter', taken: [`${HEART}.jitter after heartbeatJitter [0]`], active: [`${SESSION}.ready`, `${HEART}.beating.awaitingAck`] },
  { event: 'gateway.heartbeatAck', taken: [`${HEART}.beating.awaitingAck on gateway.heartbeatAck [0]`], active: [`${SESSION}.ready`, `${HEART}.beating.acknowledged`] },
];

export const ZOMBIE: readonly StoryStep[] = [
  { event: 'xstate.after.heartbeatInterval', taken: [`${HEART}.beating after heartbeatInterval [1]`], active: [`${SESSION}.ready`, `${HEART}.overdue`] },
  { event: 'socket.drained', taken: [`${HEART}.overdue on socket.drained [0]`], active: ['shard.zombie'], state: 'zombie' },
  { event: 'socket.gone', taken: ['shard.zombie on socket.gone [0]', 'shard.lost always [0]'], active: ['shard.reconnecting'], state: 'reconnecting' },
];

export const RESUME: readonly StoryStep[] = [
  {
    event: 'xstate.after.reconnectDelay',
    taken: ['shard.reconnecting after reconnectDelay [0]'],
    active: [`${SESSION}.connecting.opening`, `${HEART}.idle`],
    state: 'connecting',
  },
  { event: 'socket.opened', taken: [`${SESSION}.connecting.opening on socket.opened [0]`], active: [`${SESSION}.connecting.awaitingHello`, `${HEART}.idle`] },
  {
    event: 'gateway.hello',
    taken: [`${SESSION}.connecting on gateway.hello [1]`, `${HEART}.idle on gateway.hello [0]`],
    active: [`${SESSION}.resuming`, `${HEART}.jitter`],
    state: 'resuming',
  },
  { event: 'gateway.resumed', taken: [`${SESSION}.resuming on gateway.resumed [0]`], active: [`${SESSION}.ready`, `${HEART}.jitter`], state: 'ready' },
];

/** Tells one step of the selected shard, `afterMs` after the one before. */
export function tell(feed: PageFeed, key: string, step: StoryStep, afterMs = 120): void {
  feed.now += afterMs;
  const log = [feed.entry(key, 'event', step.event, { active: step.active, taken: step.taken })];
  if (step.state === undefined) return feed.batch({ log });
  const from = feed.shards.get(key)?.state ?? 'disconnected';
  log.push(feed.entry(key, 'state', `${from} → ${step.state}`));
  feed.batch({ log, shards: [feed.set(key, { state: step.state, since: feed.now })], states: [{ at: feed.now, state: step.state }] });
}
