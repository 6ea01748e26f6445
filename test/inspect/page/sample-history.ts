/** Fills a feed with shards and a history, the same on each run, for screenshots. */
import type { Heartbeat, Mark, StateChange } from '../../../src/inspect/messages.ts';
import type { ShardState } from '../../../src/index.ts';
import type { PageFeed } from './page-feed.ts';
import { HEARTBEAT } from './chart-steps.ts';

const RARE: readonly ShardState[] = [
  'connecting',
  'identifying',
  'resuming',
  'reconnecting',
  'zombie',
  'disconnecting',
  'disconnected',
  'failed',
];

/** The history of the selected shard. */
const STATE_CHANGES: readonly (readonly [agoS: number, state: ShardState])[] = [
  [290, 'connecting'],
  [288, 'identifying'],
  [281, 'ready'],
  [176, 'zombie'],
  [175.2, 'reconnecting'],
  [174, 'connecting'],
  [173, 'resuming'],
  [172, 'ready'],
  [91, 'reconnecting'],
  [88, 'connecting'],
  [86, 'reconnecting'],
  [79, 'connecting'],
  [77, 'resuming'],
  [75.5, 'ready'],
];

const MARKS: readonly (readonly [agoS: number, kind: Mark['kind'], text: string])[] = [
  [175.2, 'closed', '4900'],
  [91, 'closed', '1006'],
  [86, 'fault', 'CONNECT_TIMEOUT'],
  [30, 'fault', 'LISTENER_FAILED'],
];

export function fillShards(feed: PageFeed, random: () => number, troubled = 0.05): void {
  for (const [key, { shardId }] of feed.shards) {
    const state = random() < troubled ? (RARE[Math.floor(random() * RARE.length)] ?? 'ready') : 'ready';
    feed.setShard(key, {
      state,
      since: feed.now - Math.floor(random() * 3_600_000),
      pingMs: state === 'ready' ? 38 + Math.floor(random() * 60) : null,
      dispatchesPerSecond: state === 'ready' ? Math.round(random() * 80) : 0,
      sequence: state === 'ready' ? 10_000 + shardId * 17 : null,
      lastDispatchAt: state === 'ready' ? feed.now - Math.floor(random() * 900) : null,
      sendWindow: state === 'ready' ? { used: 3 + Math.floor(random() * 12), limit: 120 } : null,
    });
  }
}

/** Adds five minutes with several reconnects to one shard. */
export function fillHistory(feed: PageFeed, key: string, random: () => number): void {
  const end = feed.now;
  const ago = (seconds: number): number => end - seconds * 1_000;
  const states: StateChange[] = STATE_CHANGES.map(([seconds, state]) => ({ at: ago(seconds), state }));
  const marks: Mark[] = MARKS.map(([seconds, kind, text]) => ({ at: ago(seconds), kind, text }));
  const heartbeats: Heartbeat[] = [];
  for (let seconds = 278; seconds > 1; seconds -= 8) {
    const isOut = (seconds < 192 && seconds > 172) || (seconds < 92 && seconds > 75);
    if (!isOut)
      heartbeats.push({ at: ago(seconds), latencyMs: 40 + random() * 24 + (seconds < 72 && seconds > 40 ? 45 : 0) });
  }
  heartbeats.push({ at: ago(176), latencyMs: null });
  feed.details.set(key, {
    key,
    chart: 'shard',
    active: ['shard.online.session.ready', 'shard.online.heartbeat.beating.acknowledged'],
    states,
    marks,
    heartbeats: heartbeats.toSorted((a, b) => a.at - b.at),
  });
  feed.setShard(key, {
    state: 'ready',
    since: ago(75.5),
    pingMs: 47,
    dispatchesPerSecond: 41,
    sequence: 18_233,
    lastDispatchAt: end - 120,
    pendingSends: 2,
    sendWindow: { used: 14, limit: 120 },
  });
  logHistory(feed, key, states, marks, heartbeats);
}

function logHistory(
  feed: PageFeed,
  key: string,
  states: readonly StateChange[],
  marks: readonly Mark[],
  heartbeats: readonly Heartbeat[],
): void {
  const end = feed.now;
  const entries = [
    ...states.map(({ at, state }, index) => ({
      at,
      log: () => feed.addEntry(key, 'state', `${states[index - 1]?.state ?? 'disconnected'} → ${state}`),
    })),
    ...marks.map(({ at, kind, text }) => ({
      at,
      log: () =>
        feed.addEntry(
          key,
          kind,
          kind === 'closed'
            ? `${text} the connection was lost (gateway); will resume`
            : `${text}: the operation failed`,
        ),
    })),
    ...heartbeats.flatMap(({ at, latencyMs }) =>
      latencyMs === null
        ? []
        : [
            {
              at: at - latencyMs,
              log: () =>
                feed.addEntry(key, 'event', 'xstate.after.heartbeatInterval', {
                  active: HEARTBEAT[0]!.active,
                  taken: HEARTBEAT[0]!.taken,
                }),
            },
            {
              at,
              log: () =>
                feed.addEntry(key, 'event', 'gateway.heartbeatAck', {
                  active: HEARTBEAT[1]!.active,
                  taken: HEARTBEAT[1]!.taken,
                }),
            },
            {
              at: at + 1,
              log: () => feed.addEntry(key, 'heartbeat', `acknowledged after ${Math.round(latencyMs)} ms`),
            },
            {
              at: at + 900,
              log: () =>
                feed.addEntry(key, 'dispatch', 'MESSAGE_CREATE', {
                  payload: { id: '1180000000000000000', channel_id: '81384788765712384', content: '[redacted]' },
                }),
            },
          ],
    ),
  ];
  for (const { at, log } of entries.toSorted((a, b) => a.at - b.at)) {
    feed.now = at;
    log();
  }
  feed.now = end;
}
