/** Prints the events of a cluster run, one line each. */
import type { ClusterEventName, ClusterEvents } from './cluster-log.ts';
import type { ClusterWorld } from './cluster-world.ts';

/** Returns what a line of the trace says. `null`: there are too many of these events. */
const LINES: { readonly [Name in ClusterEventName]: (event: ClusterEvents[Name]) => string | null } = {
  identify: ({ proc, session }) => `${proc.name} ${session.id} shard ${session.shardId} of ${session.shardCount}`,
  resume: ({ proc, sessionId, sequence }) => `${proc.name} ${sessionId} after ${sequence}`,
  'gateway.accepted': () => null,
  'gateway.sent': () => null,
  'gateway.received': () => null,
  'gateway.ended': () => null,
  'socket.closing': ({ proc, code, session }) => `${proc.name} ${session?.id ?? 'no session'} with ${code}`,
  dispatched: () => null,
  appended: () => null,
  written: () => null,
  takenOver: ({ shardId, generation, from, by }) => `shard ${shardId}@${generation} of ${from} by ${by}`,
  inService: ({ from, to, isHandedOver }) =>
    `${to.total} shards instead of ${from.total}${isHandedOver ? '' : ', without a hand-over'}`,
  'reshard.settled': ({ call: { proc, total, outcome } }) => `${proc.name} to ${total}: ${outcome}`,
  forgotten: () => 'the engine has forgotten',
  happened: ({ name, what }) => `${name}: ${what}`,
  fault: ({ proc, error }) => `${proc.name} ${error.code}: ${error.message}`,
  uncaught: ({ error }) => String(error),
  rested: () => 'the calm ends',
  recovered: () => 'all faults are over',
};

/** Calls `write` with a line for each event, except for those of which each second has many. */
export function traceCluster({ log, clock }: ClusterWorld, write: (line: string) => void): void {
  const startedAt = clock.now();
  log.onAll((name, event) => {
    const what = (LINES[name] as (event: ClusterEvents[ClusterEventName]) => string | null)(event);
    if (what !== null)
      write(`${((clock.now() - startedAt) / 1000).toFixed(3).padStart(9)}  ${name.padEnd(14)} ${what}`);
  });
}
